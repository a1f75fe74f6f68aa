"""From another library's parameter names to ours, and back.

A `KeyMap` is a list of rules. Patterns hold `{i}` for a layer's number and `{p}` for
`weight` or `bias`; `Fuse` also a list, `{query,key,value}`, whose tensors are stacked.
Every name of a state dict must be met by one rule: a name that none knows is an error,
and so is a missing one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import torch
from torch import Tensor

_SLOTS = {"{i}": r"(?P<i>\d+)", "{j}": r"(?P<j>\d+)", "{p}": r"(?P<p>weight|bias)"}


class WrongKeys(KeyError):
    """A state dict doesn't fit its map."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Rename:
    """The same tensor under another name; `transpose` swaps a matrix' axes (GPT-2).

    `default` is the name of one of their tensors, taken where a file lacks this one
    because the two were equal.
    """

    theirs: str
    ours: str
    transpose: bool = False
    default: str = ""


@dataclass(frozen=True)
class Reshape:
    """The same numbers in another shape: `shape` ours, with -1; back to `original`.

    `permute` reorders the axes of theirs before the reshape, where `seen` says how
    theirs is cut into axes, if not as it stands (DeBERTa's heads).
    """

    theirs: str
    ours: str
    shape: tuple[int, ...]
    original: tuple[int, ...]
    permute: tuple[int, ...] | None = None
    seen: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Fuse:
    """Several tensors one under the other: `{query,key,value}` becomes one matrix."""

    theirs: str
    ours: str


@dataclass(frozen=True)
class Drop:
    """A tensor that we don't have (a buffer of position numbers, say)."""

    theirs: str


@dataclass(frozen=True)
class Tie:
    """A second name for a tensor: absent from files, present in a state dict.

    Under two names with different numbers it isn't the model that we have: an error.
    """

    theirs: str
    source: str


Rule = Rename | Reshape | Fuse | Drop | Tie


class KeyMap:
    """Rules from their names to ours; see the module's text."""

    def __init__(self, *rules: Rule):
        self.rules = rules

    def __add__(self, other: KeyMap) -> KeyMap:
        return KeyMap(*self.rules, *other.rules)

    def under(self, theirs: str, ours: str) -> KeyMap:
        """The same rules for a part of a larger model, by its prefixes."""
        return KeyMap(*(_prefix(rule, theirs, ours) for rule in self.rules))

    def with_ours(self, old: str, new: str) -> KeyMap:
        """The same rules with another prefix on our side."""
        return KeyMap(
            *(
                replace(rule, ours=new + rule.ours.removeprefix(old))
                if not isinstance(rule, Drop | Tie) and rule.ours.startswith(old)
                else rule
                for rule in self.rules
            )
        )

    def apply(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Their state dict to ours.

        Raises:
            WrongKeys: a name that no rule knows, a part of a fused tensor missing, or
                two tied tensors that differ.
        """
        ours: dict[str, Tensor] = {}
        left = dict(state)
        for rule in self.rules:
            if isinstance(rule, Rename) and rule.default in state:
                left.setdefault(rule.theirs, state[rule.default])
            elif isinstance(rule, Tie) and rule.theirs in state:
                # Some files hold the tensor under its second name only.
                source = left.setdefault(rule.source, state[rule.theirs])
                if not torch.equal(source, state[rule.theirs]):
                    raise WrongKeys(f"{rule.theirs} isn't tied to {rule.source}")
        for rule in self.rules:
            for name in list(left):
                if name not in left:
                    continue
                found = _pattern(rule.theirs).fullmatch(name)
                if not found:
                    continue
                slots = found.groupdict()
                if isinstance(rule, Drop | Tie):
                    del left[name]
                elif isinstance(rule, Fuse):
                    parts = [_fill(n, slots) for n in _alternatives(rule.theirs)]
                    missing = [part for part in parts if part not in left]
                    if missing:
                        raise WrongKeys(f"{missing[0]} is missing beside {name}")
                    target = _fill(rule.ours, slots)
                    ours[target] = torch.cat([left.pop(part) for part in parts])
                else:
                    ours[_fill(rule.ours, slots)] = _forward(rule, left.pop(name))
        if left:
            raise WrongKeys(f"unknown names, no place for {sorted(left)[:5]}")
        return ours

    def invert(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Our state dict back to theirs, with tied names, without dropped buffers.

        Raises:
            WrongKeys: a name that no rule gives.
        """
        theirs: dict[str, Tensor] = {}
        left = dict(state)
        for rule in self.rules:
            if isinstance(rule, Drop | Tie):
                continue
            for name in list(left):
                found = _pattern(rule.ours).fullmatch(name)
                if not found:
                    continue
                slots, tensor = found.groupdict(), left.pop(name)
                if isinstance(rule, Fuse):
                    names = [_fill(n, slots) for n in _alternatives(rule.theirs)]
                    theirs |= zip(names, tensor.chunk(len(names)), strict=True)
                else:
                    theirs[_fill(rule.theirs, slots)] = _backward(rule, tensor)
        if left:
            raise WrongKeys(f"unknown names, no place for {sorted(left)[:5]}")
        for rule in self.rules:
            if isinstance(rule, Tie) and rule.source in theirs:
                theirs[rule.theirs] = theirs[rule.source]
        return theirs


def _forward(rule: Rename | Reshape, tensor: Tensor) -> Tensor:
    if isinstance(rule, Reshape):
        if rule.seen:
            tensor = tensor.reshape(rule.seen)
        if rule.permute:
            tensor = tensor.permute(rule.permute)
        return tensor.reshape(rule.shape).contiguous()
    return tensor.T.contiguous() if rule.transpose and tensor.ndim == 2 else tensor


def _backward(rule: Rename | Reshape, tensor: Tensor) -> Tensor:
    if not isinstance(rule, Reshape):
        return _forward(rule, tensor)
    if not rule.permute:
        return tensor.reshape(rule.original)
    seen = rule.seen or rule.original
    permuted = [seen[axis] for axis in rule.permute]
    inverse = [rule.permute.index(axis) for axis in range(len(rule.permute))]
    back = tensor.reshape(permuted).permute(inverse)
    return back.reshape(rule.original).contiguous()


def _prefix(rule: Rule, theirs: str, ours: str) -> Rule:
    if isinstance(rule, Drop):
        return Drop(theirs + rule.theirs)
    if isinstance(rule, Tie):
        return Tie(theirs + rule.theirs, theirs + rule.source)
    if isinstance(rule, Rename) and rule.default:
        rule = replace(rule, default=theirs + rule.default)
    return replace(rule, theirs=theirs + rule.theirs, ours=ours + rule.ours)


def _alternatives(pattern: str) -> list[str]:
    """a.{x,y}.b -> a.x.b, a.y.b."""
    found = re.fullmatch(r"(.*)\{(\w+(?:,\w+)+)\}(.*)", pattern)
    if found is None:
        raise ValueError(f"{pattern} fuses nothing: it has no {{name,name}}")
    head, names, tail = found.groups()
    return [head + name + tail for name in names.split(",")]


def _pattern(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern.replace("{", "\0").replace("}", "\1"))
    escaped = escaped.replace("\\\0", "{").replace("\0", "{")
    escaped = escaped.replace("\\\1", "}").replace("\1", "}")
    for slot, expression in _SLOTS.items():
        escaped = escaped.replace(slot, expression)
    return re.compile(
        re.sub(r"\{([\w,]+)\}", lambda m: f"(?:{m[1].replace(',', '|')})", escaped)
    )


def _fill(pattern: str, slots: dict[str, str]) -> str:
    for name, text in slots.items():
        pattern = pattern.replace("{" + name + "}", text)
    return pattern
