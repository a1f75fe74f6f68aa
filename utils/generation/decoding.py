"""Writing token by token: the likeliest, a drawn one, or several ways at once.

All three take any model of this package that writes, or a `Stepper`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from utils.generation import sampling
from utils.generation.lean import one_thread
from utils.generation.steps import DecoderSteps, EncoderDecoderSteps, Stepper
from utils.nn.embeddings import batch_and_time

Choose = Callable[[Tensor, list[Tensor]], Tensor]


def greedy(
    model: nn.Module | Stepper,
    input_ids: Tensor,
    *,
    max_new_tokens: int,
    attention_mask: Tensor | None = None,
    start: int | None = None,
    end: int | Literal["config"] | None = "config",
    padding: int | None = None,
    repetition_penalty: float = 1.0,
    cached: bool = True,
) -> Tensor:
    """Write the likeliest token at each step.

    Args:
        model: a decoder, an encoder-decoder, or a `Stepper` that read nothing yet. It
            writes in eval mode and is left as it was.
        input_ids: (batch, time): the prompt, or the source for an encoder-decoder. To a
            `Stepper` it is what is read at the first step.
        max_new_tokens: stop after so many.
        attention_mask: (batch, time), 1 for tokens and 0 for padding; prompts are
            padded on the left.
        start: what an encoder-decoder reads first; its configuration's unless given.
        end: a row is finished after it, and the batch when all rows are. None for none,
            "config" for the configuration's, if it has one.
        padding: follows the end; the configuration's unless given, or else the end.
        repetition_penalty: see `sampling.repetition_penalty`.
        cached: keep keys and values. Without, the same comes out, slower.

    Returns:
        (batch, time + new): the prompt, or the start token, and what was written.

    Raises:
        TypeError: the model doesn't write from left to right (BERT, XLNet).
        ValueError: more tokens than the model has positions, prompts padded on the
            right, no start token known, or a number that makes no sense.
    """

    def likeliest(logits: Tensor, tokens: list[Tensor]) -> Tensor:
        if repetition_penalty != 1:
            ids = torch.cat(tokens, dim=1)
            logits = sampling.repetition_penalty(logits, ids, repetition_penalty)
        return logits.argmax(-1, keepdim=True)

    with _writing(model, len(input_ids)):
        begun = _begin(
            model,
            input_ids,
            attention_mask,
            max_new_tokens,
            start,
            end,
            padding,
            cached,
        )
        written = _write(begun, likeliest)
    return written.clone()


def sample(
    model: nn.Module | Stepper,
    input_ids: Tensor,
    *,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
    repetition_penalty: float = 1.0,
    rng: torch.Generator | None = None,
    attention_mask: Tensor | None = None,
    start: int | None = None,
    end: int | Literal["config"] | None = "config",
    padding: int | None = None,
    cached: bool = True,
) -> Tensor:
    """Draw each token from the model's distribution, or from the likelier part of it.

    Args:
        temperature, top_k, top_p, min_p, repetition_penalty: see `sampling`; each does
            nothing unless given. (transformers' `generate` keeps the top 50 unless
            told otherwise.)
        rng: a seeded generator on the model's device: the same seed, the same text.
            PyTorch's own unless given.
        others, and what is returned and raised: as in `greedy`.
    """

    def drawn(logits: Tensor, tokens: list[Tensor]) -> Tensor:
        logits = logits.float()
        if repetition_penalty != 1:
            ids = torch.cat(tokens, dim=1)
            logits = sampling.repetition_penalty(logits, ids, repetition_penalty)
        if temperature != 1:
            logits = sampling.temperature(logits, temperature)
        if top_k is not None:
            logits = sampling.top_k(logits, top_k)
        if top_p is not None:
            logits = sampling.top_p(logits, top_p)
        if min_p is not None:
            logits = sampling.min_p(logits, min_p)
        return sampling.draw(logits, rng)

    with _writing(model, len(input_ids)):
        begun = _begin(
            model,
            input_ids,
            attention_mask,
            max_new_tokens,
            start,
            end,
            padding,
            cached,
        )
        written = _write(begun, drawn)
    return written.clone()


@dataclass(frozen=True)
class Beams:
    """The best hypotheses of `beam_search`, the best first."""

    sequences: Tensor
    """(batch, beams, time): the prompt or start token, what was written, padding"""
    scores: Tensor
    """(batch, beams): log-probability / length penalty; -inf where there is no such"""


def beam_search(
    model: nn.Module | Stepper,
    input_ids: Tensor,
    *,
    max_new_tokens: int,
    beams: int = 4,
    alpha: float = 1.0,
    penalty: str = "power",
    early_stopping: bool | Literal["never"] = False,
    attention_mask: Tensor | None = None,
    start: int | None = None,
    end: int | Literal["config"] | None = "config",
    padding: int | None = None,
    cached: bool = True,
) -> Beams:
    """Keep the most likely beginnings; return the most likely whole sequences.

    A hypothesis is finished when it ends, or at `max_new_tokens`, and leaves its place
    to another. Graves 2012 (arXiv 1211.3711); Sutskever et al. 2014, §3.2.

    Args:
        beams: how many beginnings are kept, and hypotheses returned.
        alpha, penalty: what a finished hypothesis' log-probability is divided by; see
            `length_penalty`. An alpha of 0 prefers short ones, by nothing but their
            having fewer factors.
        early_stopping: when to stop, once there are `beams` hypotheses. True: at once.
            "never": when no beginning can get better than the worst of them, however
            long it gets. False: when none would at its present length, a guess where a
            longer one is divided by more.
        others: as in `greedy`; the names, and what comes out, are transformers'.

    Raises:
        ValueError: as `greedy`, or fewer than one beam.
    """
    if beams < 1:
        raise ValueError(f"beams must be at least 1, was {beams}")
    divisor = [length_penalty(n, alpha, penalty) for n in range(1, max_new_tokens + 1)]
    with _writing(model, beams * len(input_ids)):
        begun = _begin(
            model,
            input_ids,
            attention_mask,
            max_new_tokens,
            start,
            end,
            padding,
            cached,
        )
        stepper, ids = begun.stepper, begun.ids
        batch, prompt = ids.shape
        running = begun.room()[:, None].repeat(1, beams, 1)
        first_rows = torch.arange(0, batch * beams, beams, device=ids.device)[:, None]
        same_rows = torch.arange(batch * beams, device=ids.device)
        # All beams start alike: only the first one counts.
        likelihood = torch.full((batch, beams), -torch.inf, device=ids.device)
        likelihood[:, 0] = 0.0
        finished = running.clone()
        scores = torch.full_like(likelihood, -torch.inf)
        lengths = torch.zeros_like(scores, dtype=torch.long)
        improvable = torch.ones(batch, 1, dtype=torch.bool, device=ids.device)

        logits = stepper.step(ids).repeat_interleave(beams, dim=0)
        stepper.reorder(same_rows // beams)
        for new in range(1, max_new_tokens + 1):
            each = logits.float().log_softmax(-1).unflatten(0, (batch, beams))
            each = each + likelihood[..., None]  # (batch, beams, vocabulary)
            vocabulary = each.shape[-1]
            # Of twice as many as there are beams, enough don't end.
            likelihood, index = each.flatten(1).topk(2 * beams)  # (batch, 2 · beams)
            beam, token = index // vocabulary, index % vocabulary
            candidates = _take(running, beam)
            candidates[:, :, prompt + new - 1] = token

            ends = torch.zeros_like(token, dtype=torch.bool)
            if begun.end is not None:
                ends = token == begun.end
            if new == max_new_tokens:
                ends = torch.ones_like(ends)
            # Only those that would have kept a place.
            enter = ends & improvable
            enter[:, beams:] = False
            entering = (likelihood / divisor[new - 1]).masked_fill(~enter, -torch.inf)
            scores, place = torch.cat([scores, entering], dim=1).topk(beams)
            finished = _take(torch.cat([finished, candidates], dim=1), place)
            news = torch.full_like(token, new)
            lengths = torch.cat([lengths, news], dim=1).gather(1, place)
            if new == max_new_tokens:
                break

            likelihood, place = likelihood.masked_fill(ends, -torch.inf).topk(beams)
            running = _take(candidates, place)
            longest = max_new_tokens if early_stopping == "never" and alpha > 0 else new
            hope = likelihood[:, :1] / divisor[longest - 1]
            improvable = improvable & (hope > scores[:, -1:])
            if early_stopping is True:
                improvable = improvable & scores[:, -1:].isinf()
            if not improvable.any():
                break
            rows = (first_rows + beam.gather(1, place)).flatten()
            if not torch.equal(rows, same_rows):
                stepper.reorder(rows)
            logits = stepper.step(running[:, :, prompt + new - 1].reshape(-1, 1))
        longest = int(lengths.masked_fill(scores.isinf(), 0).max())
    return Beams(finished[:, :, : prompt + longest].clone(), scores.clone())


def length_penalty(length: int, alpha: float, kind: str = "power") -> float:
    """What the log-probability of `length` new tokens is divided by.

    Args:
        length: new tokens, the end included.
        alpha: 0 for no penalty.
        kind: "power": length^alpha, transformers' `length_penalty`. "gnmt":
            ((5 + length) / 6)^alpha, of Wu et al. 2016 (arXiv 1609.08144), eq. 14, and
            of the Transformer's alpha = 0.6. The same alpha weighs differently in the
            two.

    Raises:
        ValueError: an unknown kind.
    """
    if kind == "power":
        return float(length**alpha)
    if kind == "gnmt":
        return float(((5 + length) / 6) ** alpha)
    raise ValueError(f"penalty is 'power' or 'gnmt', was {kind!r}")


@dataclass(frozen=True)
class _Begun:
    """A stepper and what it is to read first."""

    stepper: Stepper
    ids: Tensor
    """(batch, time)"""
    mask: Tensor | None
    new: int
    end: int | None
    padding: int

    def room(self) -> Tensor:
        """(batch, time + new): the ids, then padding to be written over."""
        new = self.ids.new_full((len(self.ids), self.new), self.padding)
        return torch.cat([self.ids, new], dim=1)


def _begin(
    model: nn.Module | Stepper,
    input_ids: Tensor,
    attention_mask: Tensor | None,
    new: int,
    start: int | None,
    end: int | Literal["config"] | None,
    padding: int | None,
    cached: bool,
) -> _Begun:
    if new < 1:
        raise ValueError(f"max_new_tokens must be at least 1, was {new}")
    batch_and_time(input_ids)
    if attention_mask is not None and attention_mask.shape != input_ids.shape:
        raise ValueError(
            f"attention_mask must be {tuple(input_ids.shape)} as input_ids, "
            f"was {tuple(attention_mask.shape)}"
        )
    config = getattr(model, "config", None)
    if end == "config":
        end = getattr(config, "end", None)
    if padding is None:
        padding = getattr(config, "padding", None)
    if padding is None:
        padding = end or 0
    if not isinstance(model, nn.Module):
        return _Begun(model, input_ids, attention_mask, new, end, padding)
    if not hasattr(model, "encode"):
        # The last token that is written is not read any more.
        steps = input_ids.shape[1] + new - 1
        stepper = DecoderSteps(model, attention_mask, steps, cached=cached)
        return _Begun(stepper, input_ids, attention_mask, new, end, padding)
    start = getattr(config, "start", None) if start is None else start
    if start is None:
        raise ValueError("the configuration names no start token: give start")
    ids = input_ids.new_full((len(input_ids), 1), start)
    reader = EncoderDecoderSteps(model, input_ids, attention_mask, new, cached=cached)
    return _Begun(reader, ids, None, new, end, padding)


def _write(begun: _Begun, choose: Choose) -> Tensor:
    """Let `choose` pick from the logits (batch, vocabulary) and the tokens so far."""
    ids, end = begun.ids, begun.end
    # For what looks at earlier tokens, padding mustn't be one.
    mask = torch.ones_like(ids) if begun.mask is None else begun.mask
    tokens = [ids.where(mask.bool(), ids[:, -1:])]
    going = torch.ones_like(ids[:, :1], dtype=torch.bool)
    token = ids
    for _ in range(begun.new):
        token = choose(begun.stepper.step(token), tokens)  # (batch, 1)
        if end is not None:
            token = token.where(going, begun.padding)
            going = going & (token != end)
        tokens.append(token)
        if end is not None and not going.any():
            break
    return torch.cat([ids, *tokens[1:]], dim=1)


def _take(sequences: Tensor, places: Tensor) -> Tensor:
    """(batch, many, time) at places (batch, number) -> (batch, number, time)."""
    return sequences.gather(1, places[..., None].expand(-1, -1, sequences.shape[-1]))


@contextmanager
def _writing(model: nn.Module | Stepper, rows: int) -> Iterator[None]:
    """No gradients, no dropout; afterwards every module is in its mode again."""
    if not isinstance(model, nn.Module):
        with torch.inference_mode():
            yield
        return
    training = [module for module in model.modules() if module.training]
    try:
        for module in training:
            module.training = False
        with torch.inference_mode(), one_thread(model, rows):
            yield
    finally:
        for module in training:
            module.training = True
