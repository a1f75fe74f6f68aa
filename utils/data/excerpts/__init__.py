"""Parts of benchmarks that their licences let the course carry, for lessons offline.

- SQuAD 1.1's dev set, all questions and answers without the passages, and what five
  published models answered: CC BY-SA 4.0 (Rajpurkar et al. 2016) and MIT (the
  predictions, of the repository SQuAD-explorer).
- The first 300 test passages of LAMBADA, as OpenAI has them: CC BY 4.0 (Paperno et al.
  2016).

The whole sets come from `utils.data.squad` and `utils.data.lambada`, which the tests
compare these with.
"""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

from utils.data.examples import Answer, LastWord, Question
from utils.data.squad import Predictions


def squad() -> list[Question]:
    """The 10,570 questions of SQuAD 1.1's dev set; their `context` is empty."""
    rows = _read("squad")[1:]
    return [
        Question(id, question, "", tuple(Answer(text, None) for text in answers))
        for id, question, answers, _ in rows
    ]


def squad_predictions() -> list[Predictions]:
    """What five published models answered, the best first, and their official scores.

    The logistic regression lacks an answer to 13 questions, as in its file.
    """
    head, *rows = _read("squad")
    return [
        Predictions(
            model=model,
            answers={
                id: told[place] for id, _, _, told in rows if told[place] is not None
            },
            exact_match=exact_match,
            f1=f1,
        )
        for place, (model, exact_match, f1) in enumerate(head)
    ]


def lambada() -> list[LastWord]:
    """300 passages and their last words."""
    return [LastWord(*passage) for passage in _read("lambada")]


def _read(name: str) -> list[Any]:
    """The lines of a file, each JSON."""
    path = Path(__file__).with_name(f"{name}.jsonl.xz")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
