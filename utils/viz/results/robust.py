"""Words replaced, and sentences that differ in the group that they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from utils.evaluation.results import Estimate, Group, Results
from utils.viz.figures import COLORS, show
from utils.viz.results.text import NothingYet, Text, needs, percent, shown, table, whole

MODELS = {"tuned": "MiniLM tuned", "frozen": "MiniLM frozen", "bag-of-words": "words"}

Rows = Mapping[str, Estimate]
"""Shares by the name of a row, in the order of the rows."""


@needs("ag-news")
def substitution(results: Results) -> Text:
    """Accuracy of the classifiers of AG News when words are replaced by near ones."""
    for group in results.groups("ag-news"):
        for run in group.runs:
            found = run.get("parts", {}).get("substitution")
            if found:
                number = _replaced_number(run, found)
                _dots(
                    _replaced_rows(found, number),
                    "accuracy",
                    "Accuracy when words of AG News are replaced.",
                )
                how = _replaced_how(group, run, found)
                return Text(_replaced(found, number), how)
    raise NothingYet


def _replaced_number(run: Mapping[str, Any], found: dict[str, Any]) -> int:
    """How many articles were asked: a preset may take only some."""
    articles = found["data"]["splits"]["test"]
    return min(articles, run["settings"].get("replaced") or articles)


def _replaced_rows(found: dict[str, Any], number: int) -> dict[str, Rows]:
    rows: dict[str, Rows] = {}
    for kind in MODELS:
        if kind in found:
            figures = found[kind]
            attacked = int(figures["attack: texts"])
            rows[MODELS[kind]] = {
                name.replace("random", "at random"): Estimate.of_share(share, number)
                for name, share in figures.items()
                if not name.startswith("attack")
            } | {
                f"{attacked} texts {when}": Estimate.of_share(figures[name], attacked)
                for when, name in (
                    ("before", "attack: accuracy"),
                    ("attacked", "attack: attacked_accuracy"),
                )
            }
    return rows


def _replaced(found: dict[str, Any], asked: int) -> str:
    kinds = {kind: name for kind, name in MODELS.items() if kind in found}
    figures = found[next(iter(kinds))]
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
    _dots(
        {
            name.replace("`", ""): {
                group: Estimate.of_share(one["score"], one["pairs"])
                for group, one in by_group.items()
            }
            for name, by_group in scores.items()
        },
        "share of pairs whose stereotypical sentence is likelier",
        "Which sentence is found likelier.",
        half=True,
        published={one["model"]: one["score"] for one in run["published"]},
    )
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


def _dots(
    series: Mapping[str, Rows],
    label: str,
    alt: str,
    *,
    half: bool = False,
    published: Mapping[str, float] | None = None,
) -> None:
    """Shares with their intervals, a line a row, the series a little apart.

    Args:
        half: draw a line at one half.
        published: crosses in the first row.
    """
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(name for rows in series.values() for name in rows))
    height = (0.12 + 0.1 * len(series)) * len(names) + 1.3
    figure, ax = plt.subplots(figsize=(6.8, height))
    said = []
    for number, (who, rows) in enumerate(series.items()):
        shift = 0.6 * (number - (len(series) - 1) / 2) / len(series)
        found = list(rows.values())
        ax.errorbar(
            [one.mean for one in found],
            [names.index(name) + shift for name in rows],
            xerr=[
                # no less than 0, which rounding makes it where a share is 0 or 1
                [max(0.0, one.mean - one.low) for one in found],
                [max(0.0, one.high - one.mean) for one in found],
            ],
            fmt="osD^"[number % 4],
            color=COLORS[number % len(COLORS)],
            ms=4.5,
            capsize=2,
            elinewidth=1.2,
            label=who,
        )
        told = [f"{who}, {name}: {shown(one, percent)}." for name, one in rows.items()]
        said += told[:1] if half else told
    if published:
        ax.plot(list(published.values()), [0] * len(published), "kx", label="published")
        figures = (f"{who} {percent(value)}" for who, value in published.items())
        said.append("Published: " + ", ".join(figures) + ".")
    if half:
        ax.axvline(0.5, color="black", ls=":", lw=1)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), xlabel=label)
    figure.legend(loc="outside upper left", ncols=2, fontsize=9)
    show(figure, alt=" ".join([alt, *said]))


def share(value: float, items: float) -> str:
    """A share of independent items, with Wilson's interval."""
    return shown(Estimate.of_share(value, int(items)), percent)
