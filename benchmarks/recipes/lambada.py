"""LAMBADA's last words, with the course's own GPT, or with GPT-2 from the hub.

The course's GPT has read a megabyte of Shakespeare, character by character, and the
passages are from novels of today: little can be expected.
"""

from __future__ import annotations

import random
from typing import Any

from recipes.chunks import in_chunks
from recipes.training import Run, described, parameters
from utils import pretrained
from utils.data import lambada as data
from utils.data.examples import LastWord
from utils.evaluation import lambada
from utils.models.gpt2 import GPT2LMHeadModel
from utils.pretrained import course_weights
from utils.tokenizers import Characters

WHAT = "accuracy and perplexity of LAMBADA's last words, no stop-word filter"

PAPER = (
    "Radford et al. 2019, Language Models are Unsupervised Multitask Learners, Table 3"
)
HARNESS = "https://github.com/EleutherAI/lm-evaluation-harness/issues/2159"
PUBLISHED = [
    {
        "model": model,
        "perplexity": perplexity,
        "accuracy": accuracy,
        "of": "last tokens, as far as others could find out",
        "source": PAPER,
    }
    for model, perplexity, accuracy in (
        ("GPT-2 117M", 35.13, 0.4599),
        ("GPT-2 345M", 15.60, 0.5548),
        ("GPT-2 762M", 10.87, 0.6012),
        ("GPT-2 1542M", 8.63, 0.6324),
    )
] + [
    {
        "model": "GPT-2 117M",
        "perplexity": 40.0554,
        "accuracy": 0.3256,
        "of": "words, as here",
        "source": HARNESS,
    }
]

CPU = {
    "model": "shakespeare-gpt",
    "passages": None,
    "tokens": 8192,
    "chunk": 256,
}
PRESETS = {
    "cpu": CPU,
    "gpu": CPU | {"tokens": 65_536},
    "gpt2": CPU | {"model": "openai-community/gpt2"},
    "gpt2-xl": CPU | {"model": "openai-community/gpt2-xl"},
    "tiny": CPU | {"passages": 6, "chunk": 3},
}


def causal_lm(name: str) -> tuple[GPT2LMHeadModel, Any]:
    """A model and its tokenizer: the course's own GPT, or a GPT-2 of transformers.

    Args:
        name: of the course's weights, a folder, or on the hub, from which it is
            fetched.

    Raises:
        ValueError: it is another model.
        OSError: there is no such folder, or no network.
    """
    if name in course_weights.names():
        model, tokenizer = pretrained.load(name)
    else:
        import transformers

        theirs = transformers.GPT2LMHeadModel.from_pretrained(name)
        model = pretrained.from_hf(theirs)
        tokenizer = transformers.AutoTokenizer.from_pretrained(name)
    if not isinstance(model, GPT2LMHeadModel):
        raise ValueError(f"{name} is a {type(model).__name__}, no GPT-2 with a head")
    return model, tokenizer


def run(run: Run) -> dict[str, Any]:
    """Score the last words."""
    p = run.preset
    loaded = data.load()
    passages = list(loaded["test"])
    if p["passages"] is not None:
        passages = random.Random(0).sample(passages, p["passages"])
    model, tokenizer = causal_lm(p["model"])
    model.to(run.device)
    found: dict[str, Any] = {"model": p["model"], "parameters": parameters(model)}
    if isinstance(tokenizer, Characters):
        passages, spelling = spelled(passages, tokenizer)
        found["spelling"] = spelling
    context = model.config.positions

    def evaluate(part: Any) -> list[dict[str, Any]]:
        return lambada.as_rows(
            lambada.score(model, tokenizer, part, context=context, tokens=p["tokens"])
        )

    rows = in_chunks(run.work / "scored.json", passages, p["chunk"], evaluate)
    found |= lambada.summary([lambada.Scored(**row) for row in rows])
    return found | {
        "of": len(loaded["test"]),
        "context": context,
        "stop_word_filter": False,
        "published": PUBLISHED,
        "value": found["accuracy"],
        "data": described(loaded),
    }


def spelled(
    passages: list[LastWord], tokenizer: Characters
) -> tuple[list[LastWord], dict[str, int]]:
    """The passages in the characters of a vocabulary, and what that changed."""
    changed = {"replaced": 0, "dropped": 0, "words_changed": 0, "characters": 0}
    written = []
    for passage in passages:
        parts = []
        for text in (passage.context, passage.word):
            part, replaced, dropped = lambada.spell(text, tokenizer.vocabulary)
            parts.append(part)
            changed["replaced"] += replaced
            changed["dropped"] += dropped
            changed["characters"] += len(text)
        changed["words_changed"] += parts[1] != passage.word
        written.append(LastWord(*parts))
    return written, changed
