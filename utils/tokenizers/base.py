"""What every tokenizer has: a vocabulary, special tokens, batches and files.

Calling one gives what transformers gives, by the same names: `input_ids`,
`attention_mask` and, for pairs in WordPiece, `token_type_ids`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import regex

# Words repeat: Zipf's law makes a table of the words seen the best speed-up there is.
CACHED_WORDS = 2**17
LONGEST_CACHED = 100
CONFIG = "tokenizer_config.json"


class UnknownToken(ValueError):
    """A token outside the vocabulary, where no token stands for the unknown."""


class Vocabulary:
    """Tokens and their ids, counted from 0 without gaps.

    Args:
        tokens: in the order of their ids.

    Raises:
        ValueError: a token is empty or stands twice.
    """

    def __init__(self, tokens: Iterable[str]):
        self.tokens = list(tokens)
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        if "" in self.ids:
            raise ValueError(f"token {self.ids['']} is empty")
        if len(self.ids) < len(self.tokens):
            twice = next(t for t, n in Counter(self.tokens).items() if n > 1)
            raise ValueError(f"the token {twice!r} stands twice")

    @classmethod
    def from_ids(cls, ids: Mapping[str, int]) -> Vocabulary:
        """From {token: id}, as in GPT-2's encoder.json.

        Raises:
            ValueError: the ids aren't 0 … n - 1, each once.
        """
        if set(ids.values()) != set(range(len(ids))):
            raise ValueError(f"the ids of {len(ids)} tokens aren't 0 … {len(ids) - 1}")
        return cls(sorted(ids, key=ids.__getitem__))

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self.ids

    def token(self, i: int) -> str:
        """The token with an id.

        Raises:
            ValueError: the id is outside the vocabulary.
        """
        if not 0 <= i < len(self.tokens):
            raise ValueError(f"id {i} is outside the vocabulary of {len(self)}")
        return self.tokens[i]


@dataclass(frozen=True)
class SpecialTokens:
    """Tokens that stand for no text. One token may have several roles."""

    pad: str | None = None
    unk: str | None = None
    cls: str | None = None
    sep: str | None = None
    mask: str | None = None
    bos: str | None = None
    eos: str | None = None
    additional: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """Each token once, in the order above."""
        roles = {k: v for k, v in asdict(self).items() if k != "additional"}
        found = [v for v in (*roles.values(), *self.additional) if v is not None]
        return iter(dict.fromkeys(found))


@dataclass(frozen=True)
class Frame:
    """The special tokens around a text A or a pair A, B.

    A text becomes `first A last`, a pair `first A between B last`. B and what follows
    it are of token type 1, all before them of type 0.
    """

    first: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    last: tuple[str, ...] = ()

    def size(self, pair: bool) -> int:
        """How many tokens it adds."""
        return len(self.first + self.last) + pair * len(self.between)


NO_FRAME = Frame()


class Tokenizer(ABC):
    """Text to ids and back. A subclass says how a text becomes tokens.

    A special token inside a text is that token, as in transformers: "a [MASK] here".

    Args:
        vocabulary: every token, the special ones too.
        special: the special tokens.
        frame: those that are put around a text.

    Raises:
        ValueError: a special token isn't in the vocabulary, or one of the frame's
            isn't special.
    """

    token_types = False  # whether a call gives token_type_ids

    def __init__(self, vocabulary: Vocabulary, special: SpecialTokens, frame: Frame):
        self.vocabulary = vocabulary
        self.special = special
        self.frame = frame
        absent = ", ".join(repr(t) for t in special if t not in vocabulary)
        if absent:
            raise ValueError(f"the vocabulary of {len(vocabulary)} lacks {absent}")
        unnamed = {*frame.first, *frame.between, *frame.last} - set(special)
        if unnamed:
            raise ValueError(f"the frame has {unnamed}, which aren't special tokens")
        self.pad_token_id = self._special_id(special.pad)
        self.unk_token_id = self._special_id(special.unk)
        self.cls_token_id = self._special_id(special.cls)
        self.sep_token_id = self._special_id(special.sep)
        self.mask_token_id = self._special_id(special.mask)
        self.bos_token_id = self._special_id(special.bos)
        self.eos_token_id = self._special_id(special.eos)
        self.all_special_ids = [vocabulary.ids[t] for t in special]
        # Where one special token begins another, the longer one is meant.
        found = sorted(special, key=len, reverse=True)
        names = "|".join(map(regex.escape, found))
        self._special = regex.compile(f"({names})") if found else None
        self._cache: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self.vocabulary)

    def _special_id(self, token: str | None) -> int | None:
        return None if token is None else self.vocabulary.ids[token]

    @abstractmethod
    def words(self, text: str) -> list[str]:
        """The parts of a text that no token crosses."""

    @abstractmethod
    def word_ids(self, word: str) -> list[int]:
        """The ids of one such part."""

    @abstractmethod
    def join(self, tokens: Sequence[str]) -> str:
        """The text of tokens."""

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text, nothing put around them.

        Raises:
            UnknownToken: a character outside a vocabulary without an unknown token.
        """
        return [self.vocabulary.tokens[i] for i in self._ids(text)]

    def encode(
        self, text: str, text_pair: str | None = None, **options: Any
    ) -> list[int]:
        """The ids of one text or pair; `options` as in a call."""
        return self(text, text_pair, **options)["input_ids"]

    def decode(self, ids: Iterable[int], skip_special_tokens: bool = False) -> str:
        """The text of ids; a tensor (time,) will do.

        Raises:
            ValueError: an id is outside the vocabulary.
        """
        tokens = [self.vocabulary.token(int(i)) for i in ids]
        if skip_special_tokens:
            skipped = set(self.special)
            tokens = [t for t in tokens if t not in skipped]
        return self.join(tokens)

    def batch_decode(
        self, rows: Iterable[Iterable[int]], skip_special_tokens: bool = False
    ) -> list[str]:
        """The text of each row of ids."""
        return [self.decode(row, skip_special_tokens) for row in rows]

    def __call__(
        self,
        text: str | Sequence[str],
        text_pair: str | Sequence[str] | None = None,
        *,
        add_special_tokens: bool = True,
        padding: bool | str = False,
        truncation: bool | str = False,
        max_length: int | None = None,
        padding_side: str = "right",
        return_tensors: str | None = None,
    ) -> dict[str, Any]:
        """Encode a text, a pair, or a batch of either.

        Args:
            text: one text, or a batch of texts.
            text_pair: the second text of the pair, or of each pair.
            add_special_tokens: put the frame around them.
            padding: True or "longest" fills up to the longest row, "max_length" to
                `max_length`. A text alone is only filled up to `max_length`.
            truncation: True or "longest_first" takes tokens from the longer text of a
                pair until `max_length` is kept, "only_first" and "only_second" from
                that text.
            padding_side: "right", or "left" for decoders that go on from the end.
            return_tensors: "pt" for tensors (batch, time), a batch of 1 for one text.

        Returns:
            input_ids, token_type_ids (WordPiece only), attention_mask: lists of ints
            for a text, lists of lists for a batch.

        Raises:
            ValueError: an option that isn't listed above, that lacks `max_length` or a
                pad token, or that can't be kept.
        """
        one_of("padding", padding, (False, True, "longest", "max_length"))
        one_of(
            "truncation",
            truncation,
            (False, True, "longest_first", "only_first", "only_second"),
        )
        one_of("padding_side", padding_side, ("right", "left"))
        one_of("return_tensors", return_tensors, (None, "pt"))
        if max_length is None and (truncation or padding == "max_length"):
            raise ValueError("truncation and padding to max_length need max_length")
        if max_length is not None and not truncation and padding != "max_length":
            raise ValueError("max_length needs truncation=True or padding='max_length'")
        single = isinstance(text, str)
        texts = [text] if isinstance(text, str) else list(text)
        pairs: list[str | None] = [None] * len(texts)
        if text_pair is not None:
            if single != isinstance(text_pair, str):
                raise ValueError("text and text_pair must be two texts or two batches")
            pairs = [text_pair] if isinstance(text_pair, str) else [*text_pair]
        if len(texts) != len(pairs):
            raise ValueError(f"{len(texts)} texts, but {len(pairs)} second texts")

        frame = self.frame if add_special_tokens else NO_FRAME
        rows = []
        for a, b in zip(texts, pairs, strict=True):
            first, second = self._ids(a), None if b is None else self._ids(b)
            if truncation and max_length is not None:
                room = max_length - frame.size(b is not None)
                _truncate(first, second, room, str(truncation))
            rows.append(self._framed(first, second, frame))

        length = max_length if padding == "max_length" else None
        if padding and length is None:
            length = max((len(ids) for ids, _ in rows), default=0)
        if length is not None and self.pad_token_id is None:
            raise ValueError("there is no pad token: name one in SpecialTokens(pad=…)")
        return self._collect(rows, length or 0, padding_side, single, return_tensors)

    def _framed(
        self, first: list[int], second: list[int] | None, frame: Frame
    ) -> tuple[list[int], list[int]]:
        """Ids and their token types."""
        before, between, after = (
            [self.vocabulary.ids[t] for t in part]
            for part in (frame.first, frame.between, frame.last)
        )
        if second is None:
            ids = before + first + after
            return ids, [0] * len(ids)
        left, right = before + first + between, second + after
        return left + right, [0] * len(left) + [1] * len(right)

    def _collect(
        self,
        rows: list[tuple[list[int], list[int]]],
        length: int,
        side: str,
        single: bool,
        return_tensors: str | None,
    ) -> dict[str, Any]:
        def filled(row: list[int], value: int) -> list[int]:
            padding = [value] * (length - len(row))
            return padding + row if side == "left" else row + padding

        # Without a pad token the length is 0 and nothing is filled.
        pad = -1 if self.pad_token_id is None else self.pad_token_id
        found: dict[str, Any] = {"input_ids": [filled(ids, pad) for ids, _ in rows]}
        if self.token_types:
            found["token_type_ids"] = [filled(types, 0) for _, types in rows]
        found["attention_mask"] = [filled([1] * len(ids), 0) for ids, _ in rows]
        if return_tensors is None:
            return {k: v[0] for k, v in found.items()} if single else found
        lengths = {len(row) for row in found["input_ids"]}
        if len(lengths) > 1:
            raise ValueError(
                f"rows of {min(lengths)} to {max(lengths)} tokens make no tensor: "
                "padding=True"
            )
        import torch

        return {k: torch.tensor(v, dtype=torch.long) for k, v in found.items()}

    def _parts(self, text: str) -> Iterator[tuple[bool, str]]:
        """A text cut at its special tokens: (is it one, the part)."""
        if not isinstance(text, str):
            raise TypeError(f"a text must be a str, was {type(text).__name__}")
        parts = self._special.split(text) if self._special else [text]
        return ((bool(i % 2), part) for i, part in enumerate(parts))

    def _ids(self, text: str) -> list[int]:
        found: list[int] = []
        for special, part in self._parts(text):
            if special:
                found.append(self.vocabulary.ids[part])
            else:
                for word in self.words(part):
                    found.extend(self._cache.get(word) or self._look_up(word))
        return found

    def count_words(self, texts: Iterable[str]) -> Counter[str]:
        """How often each word occurs, special tokens left out.

        Raises:
            TypeError: `texts` is one text, whose elements are characters.
        """
        if isinstance(texts, str):
            raise TypeError("texts must be an iterable of texts, was one str: [text]")
        found: Counter[str] = Counter()
        for text in texts:
            for special, part in self._parts(text):
                found.update([] if special else self.words(part))
        return found

    def _look_up(self, word: str) -> Sequence[int]:
        ids = tuple(self.word_ids(word))
        if len(word) <= LONGEST_CACHED and len(self._cache) < CACHED_WORDS:
            self._cache[word] = ids
        return ids

    def save(self, folder: str | Path) -> None:
        """Write files that `load` reads, and transformers' `from_pretrained` too."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        config = {
            f"{role}_token": token
            for role, token in asdict(self.special).items()
            if role != "additional"
        }
        config["additional_special_tokens"] = self.special.additional
        config |= self._save(folder)
        text = json.dumps(config, indent=2, ensure_ascii=False)
        (folder / CONFIG).write_text(text + "\n", encoding="utf-8")

    @abstractmethod
    def _save(self, folder: Path) -> dict[str, Any]:
        """Write the vocabulary; return what else the configuration must hold."""


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it isn't UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut off, or not an object.
    """
    try:
        found = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold a JSON object")
    return found


def read_config(folder: Path, default: SpecialTokens) -> dict[str, Any]:
    """What `save` or transformers wrote beside a vocabulary.

    The special tokens are under "special"; without a file they are the `default`.
    """
    if not (folder / CONFIG).exists():
        return {"special": default}
    config = read_json(folder / CONFIG)
    found: dict[str, Any] = {}
    for role in ("pad", "unk", "cls", "sep", "mask", "bos", "eos"):
        token = config.get(f"{role}_token", getattr(default, role))
        found[role] = token["content"] if isinstance(token, dict) else token
    additional = tuple(config.get("additional_special_tokens", default.additional))
    return config | {"special": SpecialTokens(**found, additional=additional)}


def one_of(name: str, value: object, allowed: Sequence[object]) -> None:
    """Refuse any other value, naming the allowed ones."""
    if not any(value is a or (isinstance(a, str) and value == a) for a in allowed):
        names = ", ".join(map(repr, allowed))
        raise ValueError(f"{name} must be one of {names}, was {value!r}")


def _truncate(
    first: list[int], second: list[int] | None, room: int, strategy: str
) -> None:
    """Cut the ends of one or both lists, in place, so that together they fit."""
    excess = len(first) + len(second or []) - room
    if excess <= 0:
        return
    if strategy == "only_second" and second is None:
        raise ValueError("truncation is 'only_second', but there is no second text")
    if strategy == "only_first" or second is None:
        cut = [(first, len(first) - excess)]
    elif strategy == "only_second":
        cut = [(second, len(second) - excess)]
    else:
        # The shorter keeps up to half of the room, the longer what is left.
        shorter, longer = sorted((first, second), key=len)
        kept = min(len(shorter), room // 2)
        cut = [(shorter, kept), (longer, room - kept)]
    for row, kept in cut:
        if kept < 0:
            raise ValueError(
                f"truncation {strategy!r} can't keep max_length: {len(row)} tokens "
                f"would have to lose {len(row) - kept}"
            )
        del row[kept:]
