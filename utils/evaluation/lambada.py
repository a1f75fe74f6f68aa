"""LAMBADA's protocol: does a causal language model know a passage's last word?

Paperno et al. 2016 (arXiv 1606.06031). The word is right if each of its tokens is the
likeliest one after those before it, and its perplexity is that of the whole word: so
lm-evaluation-harness has it. No word is ruled out: there is no stop-word filter.

The figures of GPT-2's paper are of an easier question, as others have found who tried
to get them: the last *token* alone, after whatever comes before it of its own word
(openai/gpt-2 issue 131, EleutherAI/lm-evaluation-harness issues 350 and 356). Both are
measured here.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from utils.data.examples import LastWord
from utils.tokenizers.base import Vocabulary

TYPOGRAPHY = {"’": "'", "‘": "'", "…": "...", "–": "--", "—": "--", "`": "'"}
"""Signs that a typewriter lacks, as Tiny Shakespeare writes them."""


class Encoder(Protocol):
    """What is asked of a tokenizer, ours or transformers'."""

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]: ...

    def decode(self, ids: Any) -> str: ...


@dataclass(frozen=True)
class Scored:
    """What a model made of one last word."""

    correct: bool
    """each of its tokens is the likeliest"""
    ended: bool
    """and the likeliest token after it doesn't go on with it; where tokens are
    characters, `correct` is content with "he" before "her" """
    last_token_correct: bool
    log_probability: float
    """of the word, in nats"""
    last_token_log_probability: float
    tokens: int
    """of the word"""
    cut: bool
    """whether the passage was too long for the model, which has read its end"""


def score(
    model: nn.Module,
    tokenizer: Encoder,
    passages: Sequence[LastWord],
    *,
    context: int,
    tokens: int = 8192,
) -> list[Scored]:
    """How likely each passage's last word is, the space before it included.

    Args:
        model: causal, in eval mode: its `logits` are (batch, time, vocabulary).
        context: tokens that it reads at once; of more, the last are taken.
        tokens: in a batch, padding counted; passages of like length go together.

    Raises:
        ValueError: a word is of no tokens, or of more than can be read.
    """
    rows = []
    for passage in passages:
        before, ids = (
            tokenizer.encode(text, add_special_tokens=False)
            for text in (passage.context, passage.text)
        )
        word = len(ids) - len(before)
        if not 0 < word < min(context, len(ids)):
            raise ValueError(
                f"{passage.word!r} is {word} of {len(ids)} tokens, "
                f"and the model reads {context}"
            )
        rows.append((ids[-context:], word, len(ids) > context))
    found: dict[int, Scored] = {}
    device = next(model.parameters()).device
    for chosen in of_like_length([len(ids) for ids, _, _ in rows], tokens):
        # Padding comes after what is scored, and a causal model doesn't look there.
        batch = nn.utils.rnn.pad_sequence(
            [torch.tensor(rows[i][0]) for i in chosen], batch_first=True
        ).to(device)
        with torch.inference_mode():
            logits = model(input_ids=batch).logits
        for place, i in enumerate(chosen):
            ids, word, cut = rows[i]
            # from the token before the word to its last one
            told = logits[place, len(ids) - word - 1 : len(ids)].float()
            found[i] = _scored(told, ids[-word:], tokenizer, cut)
    return [found[i] for i in range(len(rows))]


def summary(scored: Sequence[Scored]) -> dict[str, float]:
    """Accuracies (0 … 1) and perplexities, over words and over last tokens.

    Raises:
        ValueError: nothing was scored.
    """
    if not scored:
        raise ValueError("no last words were scored")

    def mean(name: str) -> float:
        return sum(float(getattr(one, name)) for one in scored) / len(scored)

    return {
        "accuracy": mean("correct"),
        "ended_accuracy": mean("ended"),
        "perplexity": math.exp(-mean("log_probability")),
        "last_token_accuracy": mean("last_token_correct"),
        "last_token_perplexity": math.exp(-mean("last_token_log_probability")),
        "tokens_per_word": mean("tokens"),
        "cut": mean("cut"),
        "passages": len(scored),
    }


def as_rows(scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """For JSON; `Scored(**row)` reads it."""
    return [asdict(one) for one in scored]


def spell(text: str, vocabulary: Vocabulary) -> tuple[str, int, int]:
    """A text in the characters that a model knows.

    A character that isn't known is what `TYPOGRAPHY` says, else a space if it is one,
    else the letter without its accent, else nothing.

    Returns:
        the text, how many characters were replaced, how many left out.
    """
    written, replaced, dropped = [], 0, 0
    for character in text:
        if character in vocabulary:
            written.append(character)
            continue
        other = TYPOGRAPHY.get(character) or (
            " " if character.isspace() else unicodedata.normalize("NFKD", character)
        )
        known = "".join(c for c in other if c in vocabulary)
        written.append(known)
        replaced += bool(known)
        dropped += not known
    return "".join(written), replaced, dropped


def _scored(told: Tensor, word: list[int], tokenizer: Encoder, cut: bool) -> Scored:
    """From logits (word + 1, vocabulary): of each token, and of the one after."""
    likeliest = told.argmax(-1).tolist()
    of_tokens = told[:-1].log_softmax(-1)[range(len(word)), word].tolist()
    correct = likeliest[:-1] == word
    after = tokenizer.decode([likeliest[-1]])
    return Scored(
        correct=correct,
        ended=correct and not after[:1].isalnum(),
        last_token_correct=likeliest[-2] == word[-1],
        log_probability=sum(of_tokens),
        last_token_log_probability=of_tokens[-1],
        tokens=len(word),
        cut=cut,
    )


def of_like_length(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Indices of rows: few of long ones, many of short ones."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[i] > tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
