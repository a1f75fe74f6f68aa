"""The next token, and the cross-entropy that nearly every objective ends in."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

IGNORED = -100
"""The label of a position that no loss counts, as in PyTorch and transformers."""


def token_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    reduction: Literal["mean", "sum"] = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy in nats where there is a label; 0 where there is none at all.

    Args:
        logits: (..., vocabulary) for labels (...), or of the labelled positions only,
            (number labelled, vocabulary) in the order of `labels[labels != IGNORED]`.
        labels: the right ids, `IGNORED` elsewhere.
        reduction: "sum" for batches accumulated: divide by the labels of all of them.
        label_smoothing: share of the target spread evenly over the vocabulary
            (Vaswani et al. 2017, §5.4).

    Raises:
        ValueError: logits fit neither all labels nor the labelled ones; or an unknown
            reduction.
    """
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction must be 'mean' or 'sum', was {reduction!r}")
    scored = labels != IGNORED
    if logits.shape[:-1] != labels.shape:
        if logits.ndim != 2 or len(logits) != scored.sum():
            raise ValueError(
                f"logits {tuple(logits.shape)} fit neither labels "
                f"{tuple(labels.shape)} nor the {int(scored.sum())} labelled positions"
            )
        labels = labels[scored]
    loss = F.cross_entropy(
        logits.flatten(0, -2),
        labels.flatten(),
        ignore_index=IGNORED,
        reduction="sum",
        label_smoothing=label_smoothing,
    )
    return loss if reduction == "sum" else loss / scored.sum().clamp(min=1)


def causal_labels(
    input_ids: Tensor,
    attention_mask: Tensor | None = None,
    prompt_lengths: Tensor | None = None,
) -> Tensor:
    """The ids as labels, padding and prompts left out; `causal_loss` shifts them.

    Padding is told by the mask, not by its id: GPT-2 pads with its end-of-text token,
    and who ignores that id never learns to stop.

    Args:
        input_ids: (batch, time)
        attention_mask: (batch, time), 1 for tokens and 0 for padding, on either side.
        prompt_lengths: (batch,), how many of the first tokens are given, not predicted.
    """
    if attention_mask is None:
        attention_mask = torch.ones_like(input_ids)
    scored = attention_mask.bool()
    if prompt_lengths is not None:
        scored = scored & (attention_mask.cumsum(1) > prompt_lengths[:, None])
    return input_ids.masked_fill(~scored, IGNORED)


def causal_loss(
    logits: Tensor, labels: Tensor, *, reduction: Literal["mean", "sum"] = "mean"
) -> Tensor:
    """-log p(token | those before it) (Radford et al. 2018, §3.1, eq. 1).

    Position t's logits are held against the label of t + 1.

    Args:
        logits: (batch, time, vocabulary)
        labels: (batch, time), not shifted.

    Raises:
        ValueError: the two don't fit.
    """
    if logits.shape[:-1] != labels.shape:
        raise ValueError(
            f"logits {tuple(logits.shape)} don't fit labels {tuple(labels.shape)}"
        )
    # The labels are shifted: to cut the last logits off would copy all of them.
    following = F.pad(labels[:, 1:], (0, 1), value=IGNORED)
    return token_loss(logits, following, reduction=reduction)
