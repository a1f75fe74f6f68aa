"""Answers as spans: windows over a passage, and the best span among them.

Devlin et al. 2019 (arXiv 1810.04805), §4.2: a span's score is the sum of the logits of
its first and of its last token. Passages longer than the model reads are cut into
windows that overlap, and the best span of all is the answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from utils.data.examples import Question

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LONGEST = 30
"""Tokens of an answer."""


@dataclass(frozen=True)
class Window:
    """A question and a part of its passage, as a model reads them."""

    question: int
    """its index"""
    input_ids: list[int]
    token_type_ids: list[int]
    offsets: list[tuple[int, int] | None]
    """where each token is in the passage, in characters; None if it isn't of it"""

    def __len__(self) -> int:
        return len(self.input_ids)

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """First and last token of characters start … end - 1, if they are all here."""
        first = last = None
        for token, place in enumerate(self.offsets):
            if place is not None and place[0] <= start < place[1]:
                first = token
            if place is not None and place[0] < end <= place[1]:
                last = token
        return None if first is None or last is None else (first, last)


@dataclass(frozen=True)
class Batch:
    """Windows of one length, filled up: (batch, time) each."""

    input_ids: Tensor
    attention_mask: Tensor
    token_type_ids: Tensor

    @classmethod
    def of(cls, windows: Sequence[Window], pad: int = 0) -> Batch:
        """Fill up to the longest.

        Args:
            pad: the id of the token that does.
        """
        longest = max(map(len, windows))

        def filled(rows: list[list[int]], value: int) -> Tensor:
            return torch.tensor([row + [value] * (longest - len(row)) for row in rows])

        return cls(
            filled([w.input_ids for w in windows], pad),
            filled([[1] * len(w) for w in windows], 0),
            filled([w.token_type_ids for w in windows], 0),
        )


def windows(
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[Question],
    length: int = 384,
    stride: int = 128,
) -> list[Window]:
    """Each question with its passage, cut where that is long.

    Args:
        tokenizer: a fast one, which knows where its tokens are in the text.
        length: of a window, in tokens.
        stride: how many tokens of the passage two neighbours share.
    """
    encoded = tokenizer(
        [question.question.strip() for question in questions],
        [question.context for question in questions],
        truncation="only_second",
        max_length=length,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    found = []
    for row, question in enumerate(encoded["overflow_to_sample_mapping"]):
        places = zip(
            encoded["offset_mapping"][row], encoded.sequence_ids(row), strict=True
        )
        offsets = [tuple(place) if part == 1 else None for place, part in places]
        ids, types = encoded["input_ids"][row], encoded["token_type_ids"][row]
        found.append(Window(question, ids, types, offsets))
    return found


def best_span(
    start_logits: Tensor, end_logits: Tensor, allowed: Tensor, longest: int = LONGEST
) -> tuple[Tensor, Tensor, Tensor]:
    """The span with the highest sum of logits in each row.

    Args:
        start_logits, end_logits: (batch, time)
        allowed: boolean (batch, time), tokens that an answer may begin and end with.
        longest: tokens of an answer.

    Returns:
        its score, first and last token: (batch,) each.

    Raises:
        ValueError: `longest` is below 1.
    """
    if longest < 1:
        raise ValueError(f"longest must be at least 1, was {longest}")
    starts, ends = (
        logits.float().masked_fill(~allowed, -math.inf)
        for logits in (start_logits, end_logits)
    )
    time = starts.shape[1]
    scores = starts[:, :, None] + ends[:, None, :]  # (batch, first, last)
    ordered = torch.ones(time, time, dtype=torch.bool, device=scores.device)
    ordered = ordered.triu().tril(longest - 1)
    score, place = scores.masked_fill(~ordered, -math.inf).flatten(1).max(1)
    return score, place // time, place % time


def answer(
    model: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[Question],
    *,
    length: int = 384,
    stride: int = 128,
    longest: int = LONGEST,
    tokens: int = 4096,
) -> dict[str, str]:
    """The model's answer to each question, by the question's id, from its passage.

    Args:
        model: with `start_logits` and `end_logits`, in eval mode.
        length, stride: of the windows, in tokens.
        longest: tokens of an answer.
        tokens: in a batch, padding counted; windows of like length go together.
    """
    device = next(model.parameters()).device
    found: dict[int, tuple[float, str]] = {}
    parts = windows(tokenizer, questions, length, stride)
    for chosen in _of_like_length(parts, tokens):
        batch = Batch.of(chosen, tokenizer.pad_token_id)
        with torch.inference_mode():
            output = model(
                input_ids=batch.input_ids.to(device),
                attention_mask=batch.attention_mask.to(device),
                token_type_ids=batch.token_type_ids.to(device),
            )
        allowed = torch.zeros_like(batch.input_ids, dtype=torch.bool)
        for row, window in enumerate(chosen):
            for token, place in enumerate(window.offsets):
                allowed[row, token] = place is not None
        best = best_span(
            output.start_logits.cpu(), output.end_logits.cpu(), allowed, longest
        )
        rows = zip(chosen, *(part.tolist() for part in best), strict=True)
        for window, score, first, last in rows:
            start, end = window.offsets[first], window.offsets[last]
            if start is None or end is None:  # the window has nothing of the passage
                continue
            if score > found.get(window.question, (-math.inf, ""))[0]:
                context = questions[window.question].context
                found[window.question] = score, context[start[0] : end[1]]
    return {q.id: found.get(i, (0.0, ""))[1] for i, q in enumerate(questions)}


def _of_like_length(parts: Sequence[Window], tokens: int) -> Iterator[list[Window]]:
    batch: list[Window] = []
    for window in sorted(parts, key=len):
        if batch and (len(batch) + 1) * len(window) > tokens:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch
