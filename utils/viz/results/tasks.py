"""Images, MiniLM put to tasks, questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from utils.evaluation.results import Estimate, Group, Reader, Record, Results, at
from utils.viz.figures import COLORS, show
from utils.viz.results.text import (
    Form,
    NothingYet,
    Text,
    needs,
    percent,
    points,
    runs_of,
    shown,
    table,
    three,
    whole,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES = {"digits": "digits, 8 × 8 pixels", "cifar10": "CIFAR-10 (JPEG copies)"}
MODELS = {"vit": "ViT", "cnn": "CNN"}


@dataclass(frozen=True)
class Task:
    """What MiniLM is tuned on: its metric, and what of it a Wilson interval is over."""

    name: str
    figure: str
    metric: str
    form: Form
    asked: str | None = None


TASKS = {
    "sst2": Task("SST-2", "accuracy", "accuracy", percent, "validation"),
    "cola": Task("CoLA", "Matthews correlation", "matthews", three),
    "wnut17": Task("WNUT-17", "span F1", "f1", percent),
    "ag-news": Task("AG News", "accuracy", "accuracy", percent, "test"),
}
PARTS = {
    "bag-of-words": "bag of words",
    "dictionary": "list of names",
    "frozen": "frozen",
    "tuned": "tuned",
}


def items(group: Group, split: str | None, limit: str) -> int | None:
    """How many of a split were asked, of which the preset may take only some."""
    number = group.items(split) if split else None
    asked = group.runs[0]["settings"].get(limit)
    return number if number is None or asked is None else min(number, asked)


# Images -------------------------------------------------------------------------------


def by_images(group: Group, kind: str) -> dict[int, Estimate]:
    """Accuracy on the test images by the number of training images."""
    found: dict[int, list[float]] = {}
    for parts in group.parts().values():
        for part in parts:
            if part.get("kind") == kind and "final" in part:
                found.setdefault(part["images"], []).append(part["final"]["accuracy"])
    tested = items(group, "test", "test")
    return {
        images: Group(group.recipe, tuple({"value": v} for v in values)).estimate(
            at("value"), tested
        )
        or Estimate(values[0])
        for images, values in sorted(found.items())
    }


@needs(*PICTURES)
def images(results: Results) -> Text:
    """Accuracy of a ViT and a CNN of one size, against the number of images."""
    import matplotlib.pyplot as plt

    found = {
        (recipe, kind): curve
        for recipe in PICTURES
        if (group := results.best(recipe))
        for kind in MODELS
        if (curve := by_images(group, kind))
    }
    if not found:
        raise NothingYet
    recipes = list(dict.fromkeys(recipe for recipe, _ in found))
    size = (4.2 * len(recipes) + 0.4, 3.2)
    figure, axes = plt.subplots(1, len(recipes), figsize=size, squeeze=False)
    said, texts = [], []
    for ax, recipe in zip(axes[0], recipes, strict=True):
        curves = {
            kind: found[recipe, kind] for _, kind in found if (recipe, kind) in found
        }
        for (kind, curve), color in zip(curves.items(), COLORS, strict=False):
            _bars(ax, curve, color, MODELS[kind])
        sizes = sorted({n for curve in curves.values() for n in curve})
        ax.set(xscale="log", xlabel="training images", title=PICTURES[recipe])
        ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
        ax.minorticks_off()
        ax.legend(loc="lower right")
        rows = [
            (f"{n:,}", *(shown(c.get(n), percent) for c in curves.values()))
            for n in sizes
        ]
        head = [f"{PICTURES[recipe]}: images", *(MODELS[kind] for kind in curves)]
        texts += [table(head, rows, "rrr"), f"*{_image_facts(results, recipe)}*"]
        said += [
            f"{PICTURES[recipe]}, {MODELS[kind]}: from {percent(first.mean)} to "
            f"{percent(last.mean)}."
            for kind, curve in curves.items()
            for first, last in [(curve[min(curve)], curve[max(curve)])]
        ]
    axes[0, 0].set_ylabel("test accuracy")
    show(figure, alt="Accuracy against training images. " + " ".join(said))
    return Text(*texts)


def _bars(ax: Axes, curve: Mapping[int, Estimate], color: str, label: str) -> None:
    means = [e.mean for e in curve.values()]
    errors = [
        [e.mean - e.low if e.has_interval else 0 for e in curve.values()],
        [e.high - e.mean if e.has_interval else 0 for e in curve.values()],
    ]
    style: dict[str, Any] = {"color": color, "ms": 4, "capsize": 3, "elinewidth": 1.2}
    ax.errorbar(list(curve), means, errors, fmt="o-", label=label, **style)


def _image_facts(results: Results, recipe: str) -> str:
    group = results.best(recipe)
    assert group is not None
    sizes = {
        p["kind"]: p["parameters"]
        for ps in group.parts().values()
        for p in ps
        if "kind" in p
    }
    counted = ", ".join(f"{MODELS[k]} {n:,} parameters" for k, n in sizes.items())
    asked = items(group, "test", "test")
    minutes = group.runs[0]["minutes"]
    budget = "equal steps" if minutes is None else f"{minutes:g} minutes each"
    return (
        f"{counted}; {budget}. {runs_of(len(group.seeds))}, {group.device}; "
        f"{asked or 0:,} test images."
    )


# MiniLM -------------------------------------------------------------------------------


def scores(group: Group, task: Task) -> dict[str, Estimate]:
    """The metric of each part that has it, and of the commonest answer."""
    asked = items(group, task.asked, "test_rows")
    found = {}
    for name in PARTS:
        if name in group.parts():
            part = group.part(name)
            if (estimate := part.estimate(at(task.metric), asked)) is not None:
                found[name] = estimate
            common = part.estimate(at("majority", task.metric))
            if common is not None:
                found["majority"] = common
    return found


@needs(*TASKS)
def fine_tuning(results: Results) -> Text:
    """Tuned, frozen and without MiniLM, on each task."""
    import matplotlib.pyplot as plt

    found = {
        name: (group, scored)
        for name, task in TASKS.items()
        if (group := results.best(name)) and (scored := scores(group, task))
    }
    if not found:
        raise NothingYet
    figure, axes = plt.subplots(
        len(found), 1, figsize=(6.6, 1.05 * len(found) + 0.6), squeeze=False
    )
    rows, said = [], []
    for ax, (name, (group, scored)) in zip(axes[:, 0], found.items(), strict=True):
        task = TASKS[name]
        shown_parts = [part for part in PARTS if part in scored]
        for y, part in enumerate(shown_parts):
            _dot(ax, scored[part], y, COLORS[y])
        ax.set_yticks(range(len(shown_parts)), [PARTS[p] for p in shown_parts])
        ax.set_ylim(-0.6, len(shown_parts) - 0.4)
        ax.set_title(f"{task.name}, {task.figure}")
        if (target := results.target(name)) is not None:
            ax.axvline(target, color="black", ls="--", lw=1)
        if "majority" in scored:
            ax.axvline(scored["majority"].mean, color="black", ls=":", lw=1)
        for part in shown_parts:
            rows.append(_score_row(task, part, scored, group, target))
            said.append(f"{task.name}, {PARTS[part]} {rows[-1][2]}.")
    figure.supxlabel("dotted: always the commonest answer; dashed: target", size=9.5)
    show(figure, alt="Scores with and without tuning. " + " ".join(said))
    head = ["", "", "score (95 % interval)", "target", "over"]
    return Text(table(head, rows, "  rr"), *_rates_tried(results, list(found)))


def _rates_tried(results: Results, names: list[str]) -> list[str]:
    """How rates were chosen, where that was written down."""
    said = []
    for name in names:
        tried = {
            group.runs[0]["settings"]["rate"]: group.estimate(
                at("parts", "tuned", TASKS[name].metric)
            )
            for group in results.tried(name)
        }
        each = ", ".join(
            f"{rate:g}: {TASKS[name].form(e.mean)}" for rate, e in tried.items() if e
        )
        if each:
            said.append(
                f"*{TASKS[name].name}'s rate was chosen on sentences held out of its "
                f"training set ({each}).*"
            )
    return said


def _dot(ax: Axes, estimate: Estimate, y: float, color: str) -> None:
    error = None
    if estimate.has_interval:
        error = [[estimate.mean - estimate.low], [estimate.high - estimate.mean]]
    style: dict[str, Any] = {"color": color, "ms": 5, "capsize": 3, "elinewidth": 1.5}
    ax.errorbar([estimate.mean], [y], xerr=error, fmt="o", **style)


def _score_row(
    task: Task, part: str, scored: Mapping[str, Estimate], group: Group, target: Any
) -> tuple[str, ...]:
    estimate = scored[part]
    over = {
        "seeds": runs_of(estimate.number),
        "items": f"{estimate.number:,} sentences",
        "": runs_of(len(group.part(part).seeds)) if part == "tuned" else "",
    }[estimate.over]
    first = part == next(iter(scored))
    aim = task.form(target) if target is not None and part == "tuned" else ""
    head = f"{task.name}, {task.figure}" if first else ""
    return head, PARTS[part], shown(estimate, task.form), aim, over


# Questions ----------------------------------------------------------------------------


def official_equal(record: Record) -> float | None:
    """How many official files get the scores that were published for them."""
    if "official" not in record:
        return None
    return float(sum(_equal(file) for file in record["official"]))


def official_files(record: Record) -> float | None:
    """How many official files there are."""
    return float(len(record["official"])) if "official" in record else None


def _equal(file: Mapping[str, Any]) -> bool:
    return all(
        abs(file[name] - file[f"published_{name}"]) < 1e-6
        for name in ("exact_match", "f1")
    )


@needs("squad")
def official_squad(results: Results) -> Text:
    """The official files' scores, ours beside those that were published."""
    group = results.best("squad")
    run = next((r for r in group.runs if "official" in r), None) if group else None
    if run is None:
        raise NothingYet
    rows = [
        (
            file["version"],
            file["model"],
            f"{file['questions']:,}",
            f"{file['exact_match']:.4f}",
            f"{file['published_exact_match']:.4f}",
            f"{file['f1']:.4f}",
            f"{file['published_f1']:.4f}",
            "yes" if _equal(file) else "no",
        )
        for file in run["official"]
    ]
    head = ["", "model", "questions", "EM", "*published*", "F1", "*published*", "equal"]
    return Text(table(head, rows, "  rrrrr"))


ASKED = {"triples": "the course's own, test", "squad": "SQuAD 1.1, dev"}


@needs("squad")
def spans(results: Results) -> Text:
    """EM and F1 of MiniLM tuned on the course's triples, beside word overlap."""
    rows = []
    for group in results.groups("squad"):
        for key, name in ASKED.items():
            for model in ("model", "overlap baseline"):
                read = [at(key, model, m) for m in ("exact_match", "f1", "questions")]
                match, f1, asked = (group.estimate(r) for r in read)
                if match is None or f1 is None or asked is None:
                    continue
                label = "MiniLM, tuned" if model == "model" else "word overlap"
                rows.append(
                    (
                        name,
                        label,
                        whole(asked.mean),
                        shown(match, points),
                        shown(f1, points),
                        f"{runs_of(len(group.seeds))}, {group.device}",
                    )
                )
    if not rows:
        raise NothingYet
    head = ["asked", "by", "questions", "EM, %", "F1, %", "on"]
    return Text(table(head, rows, "  rrr"))


# For the first table ------------------------------------------------------------------


def most_images(kind: str) -> Reader:
    """A reader of the accuracy with the most images."""

    def read(record: Record) -> float | None:
        found = {
            part["images"]: part["final"]["accuracy"]
            for part in record.get("parts", {}).values()
            if part.get("kind") == kind and "final" in part
        }
        return found[max(found)] if found else None

    return read
