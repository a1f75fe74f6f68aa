"""AG News: which of four kinds is an article (Zhang et al. 2015, arXiv 1509.01626)?

10,001 of the 120,000 articles to learn from can be had here, and no titles: figures
aren't comparable to published ones, which are 94 % and more.

Then words of the articles that TextFooler was measured on are replaced: how much do the
tuned model and the bag of words hang on single ones?
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from recipes.fine_tuning import CPU, TINY, Figures, compare, probabilities
from recipes.training import Run, described
from utils.data import ag_news, baselines, textfooler
from utils.data.examples import LabelledText
from utils.evaluation.substitution import minilm_neighbours, robustness

if TYPE_CHECKING:
    from utils.models.bert import BertForSequenceClassification

WHAT = "accuracy of MiniLM on AG News's test set: tuned, frozen, and a bag of words"
HELD_OUT = 500
"""Articles of the training split that are scored as it goes; the test set is last."""
SETTINGS = CPU | {"length": 48, "replaced": 1000, "attacked": 100}
PRESETS = {
    "cpu": SETTINGS,
    "gpu": SETTINGS | {"length": 128, "epochs": 3},
    "tiny": SETTINGS | TINY | {"replaced": 8, "attacked": 1},
}


def score(expected: Sequence[int], found: Sequence[int]) -> Figures:
    """The share that is right."""
    from sklearn.metrics import accuracy_score

    return {"accuracy": accuracy_score(expected, found)}


def run(run: Run) -> dict[str, Any]:
    """Train the three and ask them all."""
    data = ag_news.load()
    articles = random.Random(0).sample(data["train"], len(data["train"]))
    train = articles[HELD_OUT:]
    model = compare(
        run,
        train,
        random.Random(0).sample(data["test"], len(data["test"])),
        len(data.labels),
        score,
        validation=articles[:HELD_OUT],
    )
    substitution(run, model, train[: run.preset["rows"]])
    predict = partial(probabilities, model, length=run.preset["length"])
    examples = data["test"][:3]
    told = predict([article.text for article in examples])
    return {
        "parts": run.parts,
        "value": run.parts["tuned"]["accuracy"],
        "examples": [
            {
                "text": article.text,
                "label": data.labels[int(article.label)],
                "probabilities": dict(zip(data.labels, row, strict=True)),
            }
            for article, row in zip(examples, told.round(4).tolist(), strict=True)
        ],
        "data": described(data),
    }


def substitution(
    run: Run, model: BertForSequenceClassification, train: Sequence[LabelledText]
) -> None:
    """The part "substitution": accuracy of both classifiers, words replaced.

    The articles are of the test set, but for the form in which TextFooler's authors
    give them: in lower case, words and signs apart.
    """
    p, data = run.preset, textfooler.load("ag")
    asked = list(data["test"])[: p["replaced"]]
    words = baselines.bag_of_words()
    words.fit([row.text for row in train], [row.label for row in train])
    run.part("substitution").report(
        robustness(
            {
                "tuned": partial(probabilities, model, length=p["length"]),
                "bag-of-words": words.predict_proba,
            },
            [row.text for row in asked],
            [int(row.label) for row in asked],
            minilm_neighbours(),
            attacked=p["attacked"],
        )
        | {"data": described(data)}
    )
