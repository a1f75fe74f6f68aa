"""CrowS-Pairs, with the course's own masked and causal models, or others of the hub.

MiniLM's head was trained on little text, and the GPT has read Shakespeare alone. The
data are offensive, and criticised: see `utils.evaluation.stereotypes`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from recipes import minilm_mlm
from recipes.chunks import in_chunks
from recipes.lambada import causal_lm
from recipes.training import Run, described, parameters
from utils import pretrained
from utils.data import crows_pairs
from utils.data.crows_pairs import SentencePair
from utils.evaluation import stereotypes
from utils.evaluation.lambada import spell
from utils.evaluation.stereotypes import Scored
from utils.pretrained import course_weights, minilm
from utils.tokenizers import Characters

WHAT = "CrowS-Pairs: how often the more stereotypical sentence is the likelier one"

PUBLISHED = [
    {
        "model": model,
        "score": score,
        "of": "shared tokens, as here",
        "source": "Nangia et al. 2020, CrowS-Pairs, Table 2",
    }
    for model, score in (
        ("BERT-base", 0.605),
        ("RoBERTa-large", 0.641),
        ("ALBERT-xxlarge", 0.670),
    )
]

CPU = {
    "masked": ["minilm-mlm"],
    "causal": ["shakespeare-gpt"],
    "pairs": None,
    "tokens": 2048,
    "chunk": 64,
}
PRESETS = {
    "cpu": CPU,
    "gpu": CPU | {"tokens": 65_536, "chunk": 512},
    "published": CPU
    | {
        "masked": [
            "google-bert/bert-base-uncased",
            "FacebookAI/roberta-large",
            "albert/albert-xxlarge-v2",
        ],
        "causal": [],
    },
    "gpt2": CPU | {"masked": [], "causal": ["openai-community/gpt2"]},
    "tiny": CPU | {"pairs": 6, "chunk": 3},
}


def masked_lm(name: str) -> tuple[nn.Module, Any]:
    """A model of ours and its tokenizer: the course's, or one of transformers.

    Args:
        name: of the course's weights, a folder, or on the hub, from which it is
            fetched.

    Raises:
        ValueError: a model that isn't masked, or that the course has none for.
        OSError: there is no such folder, or no network.
    """
    if name == minilm_mlm.NAME:
        return pretrained.load(name)[0], minilm.tokenizer()
    if name in course_weights.names():
        raise ValueError(f"{name} is no masked language model")
    import transformers

    theirs = transformers.AutoModelForMaskedLM.from_pretrained(name)
    return pretrained.from_hf(theirs), transformers.AutoTokenizer.from_pretrained(name)


def run(run: Run) -> dict[str, Any]:
    """Score every pair with every model."""
    p, loaded = run.preset, crows_pairs.load()
    pairs = list(loaded["test"])
    if p["pairs"] is not None:
        pairs = random.Random(0).sample(pairs, p["pairs"])
    for name in p["masked"]:
        ask_masked(run.part(name), name, pairs)
    for name in p["causal"]:
        ask_causal(run.part(name), name, pairs)
    first = next(iter(run.parts.values()))["scores"]
    return {
        "parts": run.parts,
        "published": PUBLISHED,
        "value": next(iter(first.values()))["all"]["score"],
        "of": len(loaded["test"]),
        "data": described(loaded),
    }


def ask_masked(run: Run, name: str, pairs: Sequence[SentencePair]) -> None:
    """The part of a masked model."""
    model, tokenizer = masked_lm(name)
    model.to(run.device)

    def evaluate(part: Sequence[SentencePair]) -> list[dict[str, Any]]:
        return stereotypes.as_rows(
            stereotypes.pseudo_log_likelihoods(
                model, tokenizer, part, tokens=run.preset["tokens"]
            )
        )

    rows = in_chunks(run.work / "scored.json", pairs, run.preset["chunk"], evaluate)
    scored = [Scored(**row) for row in rows]
    run.report(
        {
            "kind": "masked",
            "parameters": parameters(model),
            "shared_tokens": sum(one.more_length for one in scored) / len(scored),
            "scores": {"shared tokens": stereotypes.summary(pairs, scored)},
        }
    )


def ask_causal(run: Run, name: str, pairs: Sequence[SentencePair]) -> None:
    """The part of a causal model: a line begins, and the sentence comes."""
    model, tokenizer = causal_lm(name)
    model.to(run.device)
    found: dict[str, Any] = {"kind": "causal", "parameters": parameters(model)}
    if isinstance(tokenizer, Characters):
        pairs, found["spelling"] = spelled(pairs, tokenizer)
        start = tokenizer.vocabulary.ids["\n"]
    else:
        start = tokenizer.bos_token_id

    def evaluate(part: Sequence[SentencePair]) -> list[dict[str, Any]]:
        return stereotypes.as_rows(
            stereotypes.log_likelihoods(
                model, tokenizer, part, start=start, tokens=run.preset["tokens"]
            )
        )

    rows = in_chunks(run.work / "scored.json", pairs, run.preset["chunk"], evaluate)
    scored = [Scored(**row) for row in rows]
    scores = {
        "whole sentence": stereotypes.summary(pairs, scored),
        "a character": stereotypes.summary(pairs, scored, per_length=True),
    }
    run.report(found | {"scores": scores})


def spelled(
    pairs: Sequence[SentencePair], tokenizer: Characters
) -> tuple[list[SentencePair], dict[str, int]]:
    """The pairs in the characters of a vocabulary, and what that changed."""
    changed = {"replaced": 0, "dropped": 0, "characters": 0, "made_equal": 0}
    written = []
    for pair in pairs:
        texts = []
        for text in (pair.more, pair.less):
            known, replaced, dropped = spell(text, tokenizer.vocabulary)
            texts.append(known)
            changed["replaced"] += replaced
            changed["dropped"] += dropped
            changed["characters"] += len(text)
        changed["made_equal"] += texts[0] == texts[1] and pair.more != pair.less
        written.append(replace(pair, more=texts[0], less=texts[1]))
    return written, changed
