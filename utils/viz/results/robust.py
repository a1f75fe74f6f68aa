"""Words replaced, and sentences that differ in the group that they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from utils.evaluation.results import Estimate, Group, Results
from utils.viz.results.text import NothingYet, Text, needs, percent, shown, table, whole

MODELS = {"tuned": "MiniLM tuned", "frozen": "MiniLM frozen", "bag-of-words": "words"}


@needs("ag-news")
def substitution(results: Results) -> Text:
    """Accuracy of the classifiers of AG News when words are replaced by near ones."""
    for group in results.groups("ag-news"):
        for run in group.runs:
            found = run.get("parts", {}).get("substitution")
            if found:
                return Text(_replaced(found), _replaced_how(group, run, found))
    raise NothingYet


def _replaced(found: dict[str, Any]) -> str:
    kinds = {kind: name for kind, name in MODELS.items() if kind in found}
    figures = found[next(iter(kinds))]
    asked = found["data"]["splits"]["test"]
    versions = {name: asked for name in figures if not name.startswith("attack")}
    attacked = whole(figures["attack: texts"])
    rows = [
        (
            kinds[kind],
            *(share(found[kind][name], items) for name, items in versions.items()),
            share(found[kind]["attack: accuracy"], found[kind]["attack: texts"]),
            share(found[kind]["attack: attacked_accuracy"], int(attacked)),
            percent(found[kind]["attack: share_changed"]),
        )
        for kind in kinds
    ]
    heads = [name.replace("random", "at random") for name in versions]
    head = [
        "",
        *heads,
        f"{attacked} texts before",
        "attacked",
        "words changed in an attack",
    ]
    return table(head, rows, " " + "r" * (len(head) - 1))


def _replaced_how(group: Group, run: Mapping[str, Any], found: dict[str, Any]) -> str:
    return f"*{found['data']['name']}, seed {run['seed']}, {group.device}.*"


@needs("crows-pairs")
def stereotypes(results: Results) -> Text:
    """CrowS-Pairs: how often the more stereotypical sentence is the likelier one."""
    groups = results.groups("crows-pairs")
    run = next((run for g in groups for run in g.runs if "published" in run), None)
    if run is None:
        raise NothingYet
    scores = {
        f"`{name}`, {of}": by_group
        for name, part in run["parts"].items()
        for of, by_group in part.get("scores", {}).items()
    }
    every = next(iter(scores.values()))
    rows = [
        (
            name,
            f"{every[name]['pairs']:,}",
            *(share(s[name]["score"], s[name]["pairs"]) for s in scores.values()),
        )
        for name in every
    ]
    ties = [f"{s['all']['ties']:,}" for s in scores.values()]
    rows.append(("*ties, counted as “no”*", "", *ties))
    head = ["pairs of", "number", *scores]
    published = "; ".join(
        f"{figure['model']} {percent(figure['score'])}" for figure in run["published"]
    )
    source = run["published"][0]["source"]
    return Text(
        table(head, rows, " " + "r" * (len(head) - 1)),
        f"*Published, of shared tokens: {published} ({source}).*",
    )


def share(value: float, items: float) -> str:
    """A share of independent items, with Wilson's interval."""
    return shown(Estimate.of_share(value, int(items)), percent)
