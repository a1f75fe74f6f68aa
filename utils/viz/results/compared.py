"""Five architectures side by side, and last words beside published figures."""

from __future__ import annotations

from typing import Any

from utils.evaluation.results import Estimate, Group, Results, at
from utils.viz.figures import COLORS, show
from utils.viz.results.text import (
    NothingYet,
    Text,
    needs,
    percent,
    points,
    runs_of,
    shown,
    table,
    whole,
)

KINDS = {
    "gru": "GRU",
    "lstm": "LSTM",
    "bert": "BERT-style",
    "gpt": "GPT-style",
    "bart": "BART-style",
}


def _scored(group: Group) -> dict[str, dict[str, Estimate]]:
    """By task and architecture, the score over seeds; tasks that some have."""
    found: dict[str, dict[str, Estimate]] = {}
    for name in group.parts():
        task, _, kind = name.partition("/")
        estimate = group.part(name).estimate(at("score"))
        if kind in KINDS and estimate is not None:
            found.setdefault(task, {})[kind] = estimate
    return found


def _baselines(group: Group, task: str) -> dict[str, float]:
    """What needs no training from scratch, by its name."""
    parts = group.parts().get(f"{task}/baselines", [])
    return {k: v for k, v in parts[0].items() if isinstance(v, float)} if parts else {}


@needs("comparison")
def comparison(results: Results) -> Text:
    """GRU, LSTM, BERT, GPT and BART on three tasks, and the best baseline of each."""
    import matplotlib.pyplot as plt

    group = results.best("comparison")
    found = _scored(group) if group else {}
    if group is None or not found:
        raise NothingYet
    metrics: dict[str, Any] = next(
        (r["summary"] for r in group.runs if "summary" in r), {}
    )
    figure, axes = plt.subplots(
        1, len(found), figsize=(8.6, 2.4), sharey=True, squeeze=False
    )
    said, best = [], {}
    for ax, (task, scores) in zip(axes[0], found.items(), strict=True):
        for y, (kind, color) in enumerate(zip(KINDS, COLORS, strict=False)):
            if (estimate := scores.get(kind)) is None:
                continue
            ends = [[estimate.mean - estimate.low], [estimate.high - estimate.mean]]
            error = ends if estimate.has_interval else None
            style: dict[str, Any] = {"color": color, "ms": 5, "capsize": 3}
            ax.errorbar([estimate.mean], [y], xerr=error, fmt="o", **style)
            said.append(f"{task}, {KINDS[kind]} {shown(estimate, percent)}.")
        if others := _baselines(group, task):
            name = max(others, key=lambda name: others[name])
            best[task] = f"{percent(others[name])}: {name}"
            ax.axvline(others[name], color="black", ls=":", lw=1)
        metric = metrics.get(task, {}).get("metric", "score")
        ax.set(title=f"{task}, {metric}", ylim=(len(KINDS) - 0.4, -0.6))
    axes[0, 0].set_yticks(range(len(KINDS)), list(KINDS.values()))
    figure.supxlabel("dotted: the best baseline", size=9.5)
    show(figure, alt="Scores of five architectures on each task. " + " ".join(said))
    return Text(_comparison_table(group, found, best), _seen(group))


def _comparison_table(
    group: Group, found: dict[str, dict[str, Estimate]], best: dict[str, str]
) -> str:
    rows = []
    for kind, name in KINDS.items():
        sizes = {
            part["parameters"]
            for task in found
            for part in group.parts().get(f"{task}/{kind}", [])
            if "parameters" in part
        }
        if sizes:
            least, most = min(sizes) / 1e3, max(sizes) / 1e3
            size = whole(most) if least == most else f"{whole(least)} to {whole(most)}"
            cells = [shown(scores.get(kind), percent) for scores in found.values()]
            rows.append((name, *cells, f"{size} k"))
    rows.append(("*best baseline*", *(best.get(task, "—") for task in found), ""))
    return table(["", *found, "parameters"], rows, " " + "r" * (len(found) + 1))


def _seen(group: Group) -> str:
    sees: dict[str, str] = next(
        (run["sees"] for run in group.runs if "sees" in run), {}
    )
    lines = [f"- {KINDS[kind]} sees {text}." for kind, text in sees.items()]
    return "\n".join([f"*{runs_of(len(group.seeds))}, {group.device}.*", "", *lines])


@needs("lambada")
def last_words(results: Results) -> Text:
    """LAMBADA: accuracy and perplexity of last words, ours and published."""
    rows, notes = [], []
    for group in results.groups("lambada"):
        run = group.runs[0]
        if "accuracy" not in run:
            continue
        accuracy = group.estimate(at("accuracy"), run["passages"])
        perplexity = run["perplexity"]
        said = f"{perplexity:,.0f}" if perplexity < 1e6 else f"{perplexity:.1e}"
        asked = f"words; {run['passages']:,} of {run['of']:,} passages"
        rows.append((f"`{run['model']}`", shown(accuracy, percent), said, asked))
        if "spelling" in run:
            spelling = run["spelling"]
            notes.append(
                f"*`{run['model']}` reads characters: {spelling['replaced']:,} of "
                f"{spelling['characters']:,} were replaced and {spelling['dropped']:,} "
                f"dropped because it has none like them; it sees {run['context']} at a "
                f"time, and {percent(run['cut'])} of the passages are longer.*"
            )
    if not rows:
        raise NothingYet
    ours = results.groups("lambada")[0].runs
    published: list[dict[str, Any]] = next(
        (run["published"] for run in ours if "published" in run), []
    )
    sources = list(dict.fromkeys(figure["source"] for figure in published))
    for figure in published:
        source = sources.index(figure["source"]) + 1
        rows.append(
            (
                f"*published* {figure['model']} ({source})",
                percent(figure["accuracy"]),
                points(figure["perplexity"]),
                figure["of"],
            )
        )
    cited = "\n".join(f"{i}. {source}" for i, source in enumerate(sources, 1))
    head = ["model", "accuracy (95 % interval)", "perplexity", "of"]
    return Text(table(head, rows, " rr"), *notes, cited)
