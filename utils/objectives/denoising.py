"""BART's five corruptions (Lewis et al. 2020, arXiv 1910.13461, §2.2).

Each is a function of its choices: which tokens, which spans, what order; `choose` of
`masked_lm`, and `choose_spans`, make them at random. The target is always the original
document. `denoise` is what the released model learned from, spans infilled and
sentences permuted (§5); the other three are in the comparison only (§4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from utils.objectives.masked_lm import check_shares


def mask(ids: Tensor, chosen: Tensor, mask_id: int) -> Tensor:
    """A mask for each chosen token: (time,), as long as before.

    Raises:
        TypeError: `chosen` isn't boolean.
    """
    _check_boolean(chosen)
    return ids.masked_fill(chosen, mask_id)


def delete(ids: Tensor, chosen: Tensor) -> Tensor:
    """The chosen tokens are gone, and nothing says where: (time - number chosen,).

    Raises:
        TypeError: `chosen` isn't boolean.
    """
    _check_boolean(chosen)
    return ids[~chosen]


def infill(
    ids: Tensor, spans: Tensor | Sequence[tuple[int, int]], mask_id: int
) -> Tensor:
    """One mask for each span, however long; a span of no token inserts a mask.

    Args:
        ids: (time,)
        spans: (number, 2), start and length.

    Raises:
        ValueError: spans that overlap or reach beyond the document.
    """
    spans = torch.as_tensor(spans, dtype=torch.long, device=ids.device).reshape(-1, 2)
    by_start = (spans[:, 0] * (len(ids) + 1) + spans[:, 1]).argsort()
    starts, lengths = spans[by_start].unbind(1)
    ends = starts + lengths
    if (starts < 0).any() or (lengths < 0).any() or (ends > len(ids)).any():
        raise ValueError(
            f"spans must lie in the {len(ids)} tokens, were {spans.tolist()}"
        )
    if (starts[1:] < ends[:-1]).any():
        raise ValueError(f"spans overlap: {spans.tolist()}")
    place = torch.arange(len(ids), device=ids.device)
    span = torch.searchsorted(ends, place, right=True)  # the first to end after it
    inside = torch.zeros_like(ids, dtype=torch.bool)
    near = span < len(starts)
    inside[near] = starts[span[near]] <= place[near]
    # Even keys for masks: before the token at which their span starts.
    key = torch.cat([2 * starts, 2 * place[~inside] + 1])
    found = torch.cat([ids.new_full(starts.shape, mask_id), ids[~inside]])
    return found[key.argsort(stable=True)]


def permute_sentences(
    ids: Tensor, order: Sequence[int], stop_ids: Iterable[int]
) -> Tensor:
    """The sentences in another order: (time,).

    Args:
        ids: (time,)
        order: which sentence comes first, second, …
        stop_ids: tokens that end a sentence; they move with it.

    Raises:
        ValueError: the order doesn't name each sentence once.
    """
    found = sentences(ids, stop_ids)
    if sorted(order) != list(range(len(found))):
        raise ValueError(f"order must name {len(found)} sentences, was {list(order)}")
    return torch.cat([found[i] for i in order]) if found else ids


def sentences(ids: Tensor, stop_ids: Iterable[int]) -> list[Tensor]:
    """Split (time,) after each stop; what comes after the last is a sentence too."""
    stops = torch.tensor([*stop_ids], dtype=torch.long).to(ids)
    ends = torch.isin(ids, stops).nonzero()[:, 0] + 1
    return [part for part in ids.tensor_split(ends.tolist()) if len(part)]


def rotate(ids: Tensor, start: int) -> Tensor:
    """The document from `start` on, then what came before it: (time,)."""
    return ids.roll(-start)


def choose_spans(
    length: int,
    rng: torch.Generator | None = None,
    *,
    share: float = 0.3,
    mean_length: float = 3.0,
    device: torch.device | str | None = None,
) -> Tensor:
    """Choose spans for `infill`: (number, 2), start and length.

    Lengths are drawn from a Poisson distribution until `share` of the tokens is spent,
    the last one cut to fit. At a mean of 3 one in twenty has no token. All ways to lay
    them into the document without overlap are equally likely.

    Args:
        length: tokens in the document.
        device: of `rng` and the result.

    Raises:
        ValueError: a share that isn't one, or a mean of 0 or less.
    """
    check_shares(share=share)
    if mean_length <= 0:
        raise ValueError(f"mean_length must be above 0, was {mean_length}")
    budget = round(share * length)
    means = torch.full((budget + 1,), float(mean_length), device=device)
    lengths = torch.empty(0, dtype=torch.long, device=device)
    while lengths.sum() < budget:
        lengths = torch.cat([lengths, torch.poisson(means, generator=rng).long()])
    number = int((lengths.cumsum(0) < budget).sum()) + 1 if budget else 0
    lengths = lengths[:number]
    if number:
        lengths[-1] -= lengths.sum() - budget
    slots = torch.randperm(length - budget + number, generator=rng, device=device)
    slots = slots[:number].sort().values  # of kept tokens and spans in a row
    kept_before = slots - torch.arange(number, device=device)
    return torch.stack([kept_before + lengths.cumsum(0) - lengths, lengths], 1)


def denoise(
    ids: Tensor,
    *,
    mask_id: int,
    special_ids: Iterable[int] = (),
    stop_ids: Iterable[int] = (),
    rng: torch.Generator | None = None,
    share: float = 0.3,
    mean_length: float = 3.0,
) -> Tensor:
    """Permute a document's sentences and infill 30 % of its tokens (§5).

    Args:
        ids: (time,), the document; it is also the target.
        special_ids: at its ends these stay as and where they are (<s>, </s>).
        stop_ids: tokens that end a sentence; with none the order stays.
        share, mean_length: as in `choose_spans`.

    Returns:
        (length,), shorter than the document as a rule.

    Raises:
        ValueError: ids not (time,), or as `choose_spans`.
    """
    if ids.ndim != 1:
        raise ValueError(f"ids must be (time,), one document, were {tuple(ids.shape)}")
    special = torch.tensor([*special_ids], dtype=torch.long).to(ids)
    inner = (~torch.isin(ids, special)).nonzero()[:, 0].tolist() or [len(ids)]
    begin, end = inner[0], inner[-1] + 1
    text = ids[begin:end]
    number = len(sentences(text, stops := [*stop_ids]))
    order = torch.randperm(number, generator=rng, device=ids.device).tolist()
    text = permute_sentences(text, order, stops)
    spans = choose_spans(
        len(text), rng, share=share, mean_length=mean_length, device=ids.device
    )
    return torch.cat([ids[:begin], infill(text, spans, mask_id), ids[end:]])


def _check_boolean(chosen: Tensor) -> None:
    # ~1 is -2: a place in the document, not False.
    if chosen.dtype != torch.bool:
        raise TypeError(f"chosen must be boolean, was {chosen.dtype}")
