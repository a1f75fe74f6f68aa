"""T5's objective: only what is missing (Raffel et al. 2020, §3.1.4, §3.3.4).

A span becomes one sentinel in the input; the target is each sentinel and what it stands
for: "<0> B C <1> E", with one more sentinel if the text goes on after the last span
(Figure 2). Sentinels are predicted like any token: that is how the decoder says which
hole it fills.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from utils.objectives.masked_lm import check_shares


class Corrupted(NamedTuple):
    """What the encoder reads and what the decoder writes."""

    input_ids: Tensor
    """(batch, shorter time)"""
    labels: Tensor
    """(batch, number)"""


def corrupt_spans(
    ids: Tensor,
    *,
    sentinels: Sequence[int] | Tensor,
    end_id: int | None = None,
    rng: torch.Generator | None = None,
    share: float = 0.15,
    mean_length: float = 3.0,
) -> Corrupted:
    """Corrupt rows of text without padding; all come out equally long.

    Args:
        ids: (batch, time)
        sentinels: ids of <extra_id_0>, <extra_id_1>, …: T5's count down from the end of
            the vocabulary.
        end_id: </s>, put at the end of both.
        share, mean_length: as in `noise_mask`.

    Raises:
        ValueError: as `noise_mask` and `replace_spans`.
    """
    batch, time = ids.shape
    noise = noise_mask(
        batch, time, rng, share=share, mean_length=mean_length, device=ids.device
    )
    return replace_spans(ids, noise, sentinels, end_id)


def noise_counts(length: int, share: float, mean_length: float) -> tuple[int, int]:
    """How many tokens are corrupted, and in how many spans.

    Raises:
        ValueError: fewer than two tokens, a share that isn't one, or a mean below 1.
    """
    check_shares(share=share)
    if length < 2 or mean_length < 1:
        raise ValueError(
            "the length must be at least 2 and mean_length at least 1, were "
            f"{length} and {mean_length}"
        )
    tokens = min(max(round(length * share), 1), length - 1)
    spans = max(round(tokens / mean_length), 1)
    return tokens, min(spans, length - tokens)


def noise_mask(
    batch: int,
    length: int,
    rng: torch.Generator | None = None,
    *,
    share: float = 0.15,
    mean_length: float = 3.0,
    device: torch.device | str | None = None,
) -> Tensor:
    """Choose spans: (batch, length), True where corrupted.

    The number of tokens and of spans is fixed; all ways to cut the corrupted tokens and
    the clean ones into so many parts are equally likely. Parts alternate, clean first:
    as in T5's code, a row starts with clean text and ends with a span. It is meant for
    rows of hundreds of tokens: where one span is all there is, it is always the end.

    Args:
        share: of the tokens that is corrupted.
        mean_length: of the spans.
    """
    tokens, spans = noise_counts(length, share, mean_length)

    def cut(items: int) -> Tensor:
        """Lengths of the parts: (batch, spans), each at least 1."""
        order = torch.rand(batch, items - 1, generator=rng, device=device).argsort(1)
        cuts = 1 + order[:, : spans - 1].sort(1).values
        first = torch.zeros(batch, 1, dtype=torch.long, device=device)
        return torch.cat([first, cuts, first + items], 1).diff(dim=1)

    parts = torch.stack([cut(length - tokens), cut(tokens)], 2).flatten(1)
    ends = parts.cumsum(1)  # clean, noise, clean, noise …
    position = torch.arange(length, device=device).expand(batch, -1).contiguous()
    return torch.searchsorted(ends, position, right=True) % 2 == 1


def replace_spans(
    ids: Tensor,
    noise: Tensor,
    sentinels: Sequence[int] | Tensor,
    end_id: int | None = None,
) -> Corrupted:
    """Put a sentinel in place of each span, and the spans into the target.

    Args:
        ids: (batch, time)
        noise: (batch, time), True in the spans, with as many tokens and spans in each
            row; rows that differ can be given one at a time.
        sentinels, end_id: as in `corrupt_spans`.

    Raises:
        ValueError: rows that differ in length after corruption, too few sentinels, or a
            sentinel in the text.
    """
    sentinels = torch.as_tensor(sentinels, dtype=torch.long).to(ids.device)
    if torch.isin(ids, sentinels).any():
        raise ValueError("the text has a sentinel in it: no one could tell it apart")
    # One column more: where a text goes on after its last span, its sentinel follows.
    column = noise.new_zeros(len(ids), 1)
    before = torch.cat([column, noise], 1)
    starts = torch.cat([noise & ~before[:, :-1], column], 1)
    number = starts.sum(1, keepdim=True)
    starts[:, -1:] = (number > 0) & ~noise[:, -1:]
    needed = int(starts.sum(1).max())
    if needed > len(sentinels):
        raise ValueError(f"{needed} sentinels are needed, there are {len(sentinels)}")
    name = sentinels[(starts.cumsum(1) - 1).clamp(min=0)]  # (batch, time + 1)

    spanless = torch.where(starts[:, :-1], name[:, :-1], ids)
    inputs = _rows(spanless, ~noise | starts[:, :-1], "input")
    padded = torch.cat([ids, ids[:, -1:]], 1)
    pairs = torch.stack([name, padded], 2).flatten(1)  # each token after its sentinel
    wanted = torch.stack([starts, torch.cat([noise, column], 1)], 2).flatten(1)
    targets = _rows(pairs, wanted, "target")
    if end_id is not None:
        end = ids.new_full((len(ids), 1), end_id)
        inputs, targets = torch.cat([inputs, end], 1), torch.cat([targets, end], 1)
    return Corrupted(inputs, targets)


def restore(
    input_ids: Sequence[int], labels: Sequence[int], sentinels: Sequence[int]
) -> list[int]:
    """The text of one row, out of what replaced it: each sentinel's span put back.

    An end token stays at the end. What the target puts before its first sentinel, or
    for one that the input hasn't, is dropped.
    """
    names = set(sentinels)
    spans: dict[int, list[int]] = {}
    span: list[int] = []
    for token in labels:
        if token in names:
            span = spans[token] = []
        else:
            span.append(token)
    text: list[int] = []
    for token in input_ids:
        text += spans.get(token, []) if token in names else [token]
    return text


def corrupted_lengths(
    length: int, share: float = 0.15, mean_length: float = 3.0
) -> tuple[int, int]:
    """Tokens of input and target that a text gives, an end token in each."""
    tokens, spans = noise_counts(length, share, mean_length)
    return length - tokens + spans + 1, tokens + spans + 1


def text_length(
    input_length: int, share: float = 0.15, mean_length: float = 3.0
) -> int:
    """The longest text whose input fits: 568 tokens for an encoder of 512.

    Raises:
        ValueError: not even a text of two tokens fits.
    """
    if corrupted_lengths(2, share, mean_length)[0] > input_length:
        raise ValueError(f"no text fits an input of {input_length}")
    length = 2
    while corrupted_lengths(length + 1, share, mean_length)[0] <= input_length:
        length += 1
    return length


def _rows(values: Tensor, wanted: Tensor, name: str) -> Tensor:
    counts = wanted.sum(1)
    if (counts != counts[0]).any():
        raise ValueError(
            f"the rows' {name}s have {counts.tolist()} tokens: give rows that differ "
            "one at a time"
        )
    return values[wanted].view(len(values), -1)
