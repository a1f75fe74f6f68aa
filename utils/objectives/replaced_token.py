"""Which tokens were replaced? (Clark et al. 2020, ELECTRA, arXiv 2003.10555, §2)

A generator learns to fill masks, by likelihood; its samples fill the text that the
discriminator judges, token by token. It isn't a GAN: the generator isn't rewarded for
deceiving. Choose and mask with `masked_lm.mask_tokens`, `mask_share=1, random_share=0`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from utils.objectives.language_modeling import token_loss


def sample(logits: Tensor, rng: torch.Generator | None = None) -> Tensor:
    """One token of each distribution: (number, vocabulary) -> (number,), no gradient.

    Args:
        rng: on the logits' device.
    """
    chances = logits.detach().float().softmax(-1)
    return torch.multinomial(chances, 1, generator=rng)[:, 0]


def replace_tokens(
    input_ids: Tensor,
    chosen: Tensor,
    logits: Tensor,
    rng: torch.Generator | None = None,
) -> Tensor:
    """Fill the chosen positions with samples of the generator: (batch, time).

    Args:
        input_ids: (batch, time), masked or not.
        chosen: (batch, time), boolean.
        logits: (number chosen, vocabulary) in the order of `input_ids[chosen]`, or
            (batch, time, vocabulary).

    Raises:
        ValueError: the logits fit neither.
    """
    if logits.shape[:-1] == chosen.shape:
        logits = logits[chosen]
    if logits.ndim != 2 or len(logits) != chosen.sum():
        raise ValueError(
            f"logits {tuple(logits.shape)} fit neither input_ids "
            f"{tuple(input_ids.shape)} nor the {int(chosen.sum())} chosen positions"
        )
    return input_ids.masked_scatter(chosen, sample(logits, rng))


@dataclass(frozen=True)
class ElectraLoss:
    """Both losses, and their sum as it is minimised."""

    generator: Tensor
    """nats a masked token"""
    discriminator: Tensor
    """nats a token"""
    total: Tensor


def electra_loss(
    generator_logits: Tensor,
    discriminator_logits: Tensor,
    labels: Tensor,
    replaced: Tensor,
    attention_mask: Tensor | None = None,
    *,
    weight: float = 50.0,
) -> ElectraLoss:
    """L_MLM + weight · L_Disc (§2; λ = 50, appendix A).

    Args:
        generator_logits: (number chosen, vocabulary), or (batch, time, vocabulary).
        discriminator_logits: (batch, time), above 0 for "replaced".
        labels: (batch, time), as of `masked_lm.mask_tokens`.
        replaced: (batch, time), boolean, `corrupted != ids`: a sample that happens to
            be right is an original.
        attention_mask: (batch, time); padding isn't judged, all other tokens are.
    """
    each = F.binary_cross_entropy_with_logits(
        discriminator_logits,
        replaced.to(discriminator_logits.dtype),
        reduction="none",
    )
    judged = torch.ones_like(each) if attention_mask is None else attention_mask
    discriminator = (each * judged).sum() / judged.sum().clamp(min=1)
    generator = token_loss(generator_logits, labels)
    return ElectraLoss(generator, discriminator, generator + weight * discriminator)
