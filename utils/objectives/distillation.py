"""A small model learns from a large one: from its outputs, or from its inside too.

Soft targets: Hinton et al. 2015 (arXiv 1503.02531), §2. DistilBERT: Sanh et al. 2019
(arXiv 1910.01108), §2. TinyBERT: Jiao et al. 2020 (arXiv 1909.10351), §3.1.
No gradient goes into a teacher.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.objectives.language_modeling import token_loss


def soft_target_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    *,
    temperature: float = 2.0,
    mask: Tensor | None = None,
) -> Tensor:
    """T² · KL(teacher ‖ student), both softened by T; the mean over rows or tokens.

    Gradients of softened targets shrink as 1 / T²; the factor keeps their weight beside
    other losses (Hinton et al. 2015, §2).

    Args:
        student_logits, teacher_logits: (..., classes)
        temperature: T; 1 leaves the distributions as they are.
        mask: (...), the rows or tokens that count; all if None.

    Raises:
        ValueError: shapes that differ, or a temperature of 0 or less.
    """
    _check_same(student_logits, teacher_logits, "logits")
    if temperature <= 0:
        raise ValueError(f"temperature must be above 0, was {temperature}")
    divergence = F.kl_div(
        (student_logits / temperature).log_softmax(-1),
        (teacher_logits.detach() / temperature).log_softmax(-1),
        reduction="none",
        log_target=True,
    ).sum(-1)
    return temperature**2 * _mean(divergence, mask)


def hidden_cosine_loss(
    student: Tensor, teacher: Tensor, mask: Tensor | None = None
) -> Tensor:
    """1 - cosine of the two models' vectors, the mean over tokens (Sanh et al., §2).

    Args:
        student, teacher: (batch, time, width)
        mask: (batch, time), the tokens that count.

    Raises:
        ValueError: shapes that differ.
    """
    _check_same(student, teacher, "hidden states")
    return _mean(1 - F.cosine_similarity(student, teacher.detach(), dim=-1), mask)


def distilbert_loss(
    student_logits: Tensor,
    teacher_logits: Tensor,
    student_hidden: Tensor,
    teacher_hidden: Tensor,
    labels: Tensor,
    attention_mask: Tensor | None = None,
    *,
    temperature: float = 2.0,
    weights: tuple[float, float, float] = (5.0, 2.0, 1.0),
) -> Tensor:
    """Soft targets, masked tokens and the last hidden states' direction (§2).

    Args:
        student_logits, teacher_logits: (batch, time, vocabulary)
        student_hidden, teacher_hidden: (batch, time, width), the last layer's.
        labels: (batch, time), as of `masked_lm.mask_tokens`.
        attention_mask: (batch, time); padding counts nowhere.
        weights: of the three; the paper doesn't print them, these are its code's.
    """
    soft = soft_target_loss(
        student_logits, teacher_logits, temperature=temperature, mask=attention_mask
    )
    hard = token_loss(student_logits, labels)
    direction = hidden_cosine_loss(student_hidden, teacher_hidden, attention_mask)
    return weights[0] * soft + weights[1] * hard + weights[2] * direction


def attention_map_loss(
    student: Tensor, teacher: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Mean squared difference of attention maps (TinyBERT, eq. 7).

    Either of the scores before the softmax, which the paper found to converge faster,
    or of the weights after it; give the same of both models.

    Args:
        student, teacher: (batch, heads, query, key)
        mask: (batch, time): pairs with padding don't count.

    Raises:
        ValueError: shapes that differ, as with other numbers of heads.
    """
    _check_same(student, teacher, "attention maps")
    difference = (student - teacher.detach()).square().mean(1)  # over heads
    pairs = None if mask is None else mask[:, :, None] * mask[:, None, :]
    return _mean(difference, pairs)


def layer_map(student_layers: int, teacher_layers: int) -> list[int]:
    """The teacher's hidden state for each of the student's (TinyBERT, §3.1).

    g(m) = m · teacher / student: evenly, the embeddings (0) from the embeddings.

    Returns:
        student_layers + 1 numbers.

    Raises:
        ValueError: the student's depth doesn't divide the teacher's.
    """
    if teacher_layers % student_layers:
        raise ValueError(
            f"{student_layers} layers can't learn evenly from {teacher_layers}"
        )
    step = teacher_layers // student_layers
    return [m * step for m in range(student_layers + 1)]


class TinyBertLoss(nn.Module):
    """Embeddings, hidden states and attention maps of a teacher (§3.1, eq. 7 to 9).

    The student is narrower: its vectors are projected to the teacher's width by
    matrices that are learned with it, one for the embeddings and one for all layers,
    and thrown away afterwards. Then, with the task, `soft_target_loss` at T = 1 (eq.
    10): the paper's second step.

    Args:
        student_width, teacher_width: of the hidden states.
    """

    def __init__(self, student_width: int, teacher_width: int):
        super().__init__()
        self.embedding_proj = nn.Linear(student_width, teacher_width, bias=False)
        self.hidden_proj = nn.Linear(student_width, teacher_width, bias=False)

    def forward(
        self,
        student_hidden: Sequence[Tensor],
        teacher_hidden: Sequence[Tensor],
        student_attentions: Sequence[Tensor],
        teacher_attentions: Sequence[Tensor],
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """The sum over the student's layers of what each lacks.

        Args:
            student_hidden, teacher_hidden: depth + 1 of (batch, time, width), the
                embeddings first.
            student_attentions, teacher_attentions: depth of (batch, heads, time, time).
            attention_mask: (batch, time); padding counts nowhere.

        Raises:
            ValueError: depths or shapes that don't fit.
        """
        layers = layer_map(len(student_attentions), len(teacher_attentions))
        if len(student_hidden) != len(layers) or len(teacher_hidden) != layers[-1] + 1:
            raise ValueError(
                "hidden states must be one more than the attention maps, were "
                f"{len(student_hidden)} for {len(student_attentions)} and "
                f"{len(teacher_hidden)} for {len(teacher_attentions)}"
            )
        total = torch.zeros((), device=student_hidden[0].device)
        for m, n in enumerate(layers):
            project = self.hidden_proj if m else self.embedding_proj
            projected, goal = project(student_hidden[m]), teacher_hidden[n].detach()
            _check_same(projected, goal, "hidden states, projected")
            difference = (projected - goal).square().mean(-1)
            total = total + _mean(difference, attention_mask)
            if m:
                total = total + attention_map_loss(
                    student_attentions[m - 1], teacher_attentions[n - 1], attention_mask
                )
        return total


def _mean(values: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return values.mean()
    mask = mask.to(values.dtype)
    return (values * mask).sum() / mask.sum().clamp(min=1)


def _check_same(student: Tensor, teacher: Tensor, name: str) -> None:
    if student.shape != teacher.shape:
        raise ValueError(
            f"{name} of student and teacher must have the same shape, were "
            f"{tuple(student.shape)} and {tuple(teacher.shape)}"
        )
