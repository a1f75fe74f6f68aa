"""What was reached at a glance, speed, and what produced every figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from utils.evaluation.results import (
    Estimate,
    Group,
    Reader,
    Record,
    Results,
    at,
    command,
    least,
)
from utils.viz.figures import COLORS, show
from utils.viz.results.tasks import (
    items,
    most_images,
    official_equal,
    official_files,
)
from utils.viz.results.text import (
    TIED,
    Form,
    Text,
    aim,
    duration,
    general,
    percent,
    points,
    runs_of,
    shown,
    table,
    three,
    whole,
)

Aim = Callable[[Results, Group], float | None]


def constant(results: Results, group: Group) -> float | None:
    """The recipe's one target."""
    return results.target(group.recipe)


def keyed(key: str) -> Aim:
    """One of the recipe's targets."""
    return lambda results, group: results.target(group.recipe)[key]


def none(results: Results, group: Group) -> None:
    """No target was set."""


@dataclass(frozen=True)
class Headline:
    """A line of the first table.

    Attributes:
        asked: the split that a share is of, `limit` the setting that takes some of it.
        lower: whether less is better.
    """

    what: str
    read: Reader
    form: Form
    aim: Aim = none
    asked: str | None = None
    limit: str = ""
    lower: bool = False


HEADLINES = {
    "shakespeare": [
        Headline(
            "Tiny Shakespeare, GPT: validation loss, nats a character",
            least("validation_loss"),
            three,
            constant,
            lower=True,
        )
    ],
    "multi30k": [
        Headline(
            f"Multi30k, {name}: BLEU on {test}",
            at("parts", kind, "bleu", test),
            points,
            keyed(test) if kind == "transformer" else none,
        )
        for kind, name in (("transformer", "Transformer"), ("gru", "GRU"))
        for test in ("test2016", "test2017")
    ],
    "sst2": [
        Headline(
            "SST-2, MiniLM tuned: accuracy",
            at("parts", "tuned", "accuracy"),
            percent,
            constant,
            "validation",
            "test_rows",
        )
    ],
    "cola": [
        Headline(
            "CoLA, MiniLM tuned: Matthews correlation",
            at("parts", "tuned", "matthews"),
            three,
        )
    ],
    "wnut17": [
        Headline("WNUT-17, MiniLM tuned: span F1", at("parts", "tuned", "f1"), percent)
    ],
    "ag-news": [
        Headline(
            "AG News, MiniLM tuned: accuracy",
            at("parts", "tuned", "accuracy"),
            percent,
            asked="test",
            limit="test_rows",
        )
    ],
    "squad": [
        Headline(
            "SQuAD: official files scored as published",
            official_equal,
            whole,
            lambda results, group: official_files(group.runs[0]),
        ),
        Headline(
            "SQuAD 1.1, MiniLM tuned on the course's triples: F1, %",
            at("squad", "model", "f1"),
            points,
        ),
    ],
    "cifar10": [
        Headline(
            f"CIFAR-10, {name}, most images: accuracy",
            most_images(kind),
            percent,
            asked="test",
            limit="test",
        )
        for kind, name in (("vit", "ViT"), ("cnn", "CNN"))
    ],
    "digits": [
        Headline(
            f"digits, {name}, most images: accuracy",
            most_images(kind),
            percent,
            asked="test",
            limit="test",
        )
        for kind, name in (("vit", "ViT"), ("cnn", "CNN"))
    ],
    "stories-gpt": [
        Headline(
            "own stories, GPT: validation loss, nats a character", at("value"), three
        )
    ],
    "translator": [
        Headline(
            "own English–French, Transformer: unseen sentences right word for word",
            at("exactly_right", "test"),
            percent,
            asked="test",
            limit="pairs",
        )
    ],
    "bart-denoiser": [
        Headline(
            "own stories damaged, BART: validation loss, nats a token",
            least("validation_loss"),
            three,
        )
    ],
    "lambada": [
        Headline(
            "LAMBADA, last words: accuracy",
            at("accuracy"),
            percent,
            asked="test",
            limit="passages",
        ),
    ],
    "crows-pairs": [
        Headline(
            "CrowS-Pairs, MiniLM with a head: stereotypical sentence likelier",
            at("parts", "minilm-mlm", "scores", "shared tokens", "all", "score"),
            percent,
            asked="test",
            limit="pairs",
        )
    ],
    "comparison": [],  # no single figure says it
    "minilm-mlm": [
        Headline(
            "masked tokens, MiniLM with a head: right at first",
            at("best", "accuracy"),
            percent,
        )
    ],
}


def overview(results: Results) -> Text:
    """What was reached, against which target, on what."""
    rows, gone, going = [], [], []
    names = [*HEADLINES, *(name for name in results.recipes if name not in HEADLINES)]
    for recipe in names:
        lines = HEADLINES.get(recipe)
        if not results.groups(recipe):
            gone.append(recipe)
            continue
        if lines is None:
            what = str(results.recipes[recipe]["what"])
            lines = [Headline(what, at("value"), three)]
        if not lines:
            continue
        found = [
            row
            for group in _one_a_device(results.groups(recipe))
            for line in lines
            if (row := _headline_row(results, group, line)) is not None
        ]
        rows += found
        going += [] if found else [recipe]
    head = ["what", "reached (95 % interval)", "target", "", "over", "on"]
    notes = [
        _still(said, names)
        for said, names in (
            ("Begun, and without a figure yet", going),
            ("No results yet", gone),
        )
        if names
    ]
    return Text(table(head, rows, " rr"), *notes)


def _one_a_device(groups: list[Group]) -> list[Group]:
    """Of several choices of sizes the first in the file."""
    found: dict[str, Group] = {}
    for group in groups:
        found.setdefault(group.device, group)
    return list(found.values())


def _headline_row(
    results: Results, group: Group, line: Headline
) -> tuple[str, ...] | None:
    tested = items(group, line.asked, line.limit)
    estimate = group.estimate(line.read, tested)
    if estimate is None:
        return None
    target = line.aim(results, group)
    return (
        line.what,
        shown(estimate, line.form),
        "" if target is None else aim(target, line.form, line.lower),
        "" if target is None else _verdict(estimate.mean, target, line.lower),
        _over(estimate, len(group.values(line.read))),
        group.device,
    )


def _verdict(value: float, aim: float, lower: bool) -> str:
    return "reached" if (value <= aim if lower else value >= aim) else "**missed**"


def _over(estimate: Estimate, seeds: int) -> str:
    if estimate.over == "items":
        return f"1 seed, {estimate.number:,} items"
    return runs_of(seeds)


def _still(said: str, recipes: list[str]) -> str:
    names = ", ".join(f"`{name}`" for name in recipes)
    return f"*{said}: {names}. To make: `python benchmarks/quality.py NAME`.*"


# Speed --------------------------------------------------------------------------------


def _cases(record: Record, key: str) -> dict[str, Any]:
    return {name: case for name, case in record["results"].items() if key in case}


def speed(results: Results) -> Text:
    """How many times as fast as the library, by case, with quartiles."""
    import matplotlib.pyplot as plt

    found = [
        (device, _cases(record, "quartiles")) for device, record in results.speed()
    ]
    found = [(device, cases) for device, cases in found if cases]
    if not found:
        return Text("*No `speed.json` yet: `python benchmarks/speed.py` writes it.*")
    counts = [len(cases) for _, cases in found]
    figure, axes = plt.subplots(
        len(found),
        1,
        figsize=(6.8, 0.27 * sum(counts) + 0.8 * len(found)),
        height_ratios=[count + 1 for count in counts],
        squeeze=False,
    )
    texts, said = [], []
    for ax, (device, cases) in zip(axes[:, 0], found, strict=True):
        _speed_panel(ax, cases)
        ax.set_title(device)
        texts += [f"**{device}**", _speed_table(cases)]
        reached = sum(case["reached"] for case in cases.values())
        said.append(f"{device}: {reached} of {len(cases)} cases reach their target.")
    axes[-1, 0].set_xlabel("times as fast as the other (log scale)")
    show(figure, alt="Speed beside transformers, case by case. " + " ".join(said))
    return Text(*(f"*{line}*" for line in said), *texts)


def _speed_panel(ax: Any, cases: dict[str, Any]) -> None:
    for y, case in enumerate(cases.values()):
        low, high = case["quartiles"]
        color = COLORS[0] if case["reached"] else COLORS[1]
        error = [[case["value"] - low], [high - case["value"]]]
        ax.errorbar([case["value"]], [y], xerr=error, fmt="o", ms=4, color=color)
        ax.plot([case["target"]], [y], "|", color="black", ms=11)
    ax.axvline(1, color="black", lw=0.8, ls=":")
    ax.set_yticks(range(len(cases)), list(cases))
    ax.set_ylim(len(cases) - 0.4, -0.6)
    ax.set_xscale("log")
    ends = ax.get_xlim()
    ticks = [t for t in (0.5, 1, 2, 3, 5, 10, 20) if ends[0] <= t <= ends[1]]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()


def _speed_table(cases: dict[str, Any]) -> str:
    rows = []
    for name, case in cases.items():
        low, high = case["quartiles"]
        unit, *rates = case["rate"].values()
        ours, other = (
            f"{rate:,.0f}" if rate > 100 else f"{rate:.3g}" for rate in rates
        )
        rows.append(
            (
                f"`{name}`: {case['what']}",
                f"{case['value']:.2f} ({low:.2f}{TIED}to{TIED}{high:.2f})",
                aim(case["target"], general),
                "reached" if case["reached"] else "**missed**",
                f"{ours} / {other} {unit}",
            )
        )
    head = ["case", "times (quartiles)", "target", "", "ours / other"]
    return table(head, rows, " rr r")


def growth(results: Results) -> Text:
    """How time and memory grow with the length: the exponent."""
    rows = [
        (
            case["what"],
            f"{case['value']:.2f}",
            aim(case["target"], general, lower=True),
            "reached" if case["reached"] else "**missed**",
            f"{case['points'][0][0]:,} to {case['points'][-1][0]:,}",
            device,
        )
        for device, record in results.speed()
        for case in _cases(record, "points").values()
    ]
    if not rows:
        return Text("*No `speed.json` yet: `python benchmarks/speed.py` writes it.*")
    return Text(
        table(["what", "exponent", "target", "", "lengths", "on"], rows, " rr r")
    )


# Provenance ---------------------------------------------------------------------------


def runs(results: Results) -> Text:
    """Each training: its command, commit, date, machine and time."""
    rows = []
    for recipe in results.recipes:
        for group in [*results.groups(recipe), *results.tried(recipe)]:
            for (_, commit, date), alike in _alike(group).items():
                run, seeds = alike[0], [run["seed"] for run in alike]
                machine = _machine(run, group.hardware)
                rows.append(
                    (
                        f"`{command(run, recipe, seeds)}`",
                        f"`{commit}`",
                        date,
                        machine,
                        ", ".join(map(_took, alike)),
                    )
                )
    for device, record in results.speed():
        script = "python benchmarks/speed.py" + (" --gpu" if "gpu" in record else "")
        told = f"`{script}`", f"`{_short(record)}`", record["date"][:10]
        rows.append((*told, _machine(record, device), ""))
    head = ["command", "commit", "date", "machine", "time"]
    return Text(table(head, rows, "    r"))


def _alike(group: Group) -> dict[tuple[str, str, str], list[Record]]:
    """Runs of one command, commit and day together."""
    found: dict[tuple[str, str, str], list[Record]] = {}
    for run in group.runs:
        typed = command(run, group.recipe, [0])
        key = typed, _short(run), run["date"][:10]
        found.setdefault(key, []).append(run)
    return found


def _short(record: Record) -> str:
    commit = record.get("commit") or "unknown"
    return commit[:9] + ("+" if commit.endswith("+") else "")


def _machine(record: Record, device: str) -> str:
    torch = record["versions"]["torch"]
    if record.get("others"):  # written by hand: a run can't know it
        device += f", with up to {record['others']} other trainings"
    return f"{device}; {record['processor']}, {record['cores']} cores; torch {torch}"


def _took(run: Record) -> str:
    seconds = run.get("took_seconds") or run.get("seconds")
    if seconds is None:
        parts = [part.get("seconds", 0) for part in run.get("parts", {}).values()]
        seconds = sum(parts)
    text = duration(seconds) if seconds else ""
    return text if run.get("finished") else f"{text}, stopped".lstrip(", ")


def data(results: Results) -> Text:
    """Each recipe's data: name, source, licence, sizes."""
    rows, lacking = [], []
    for recipe, record in results.recipes.items():
        found = next((run["data"] for run in record["runs"] if "data" in run), None)
        if found is None:
            lacking.append(f"`{recipe}`")
            continue
        sizes = ", ".join(f"{split} {n:,}" for split, n in found["splits"].items())
        told = found["name"], found["source"], found["licence"], sizes
        rows.append((f"`{recipe}`", *told))
    text = table(["recipe", "data", "source", "licence", "sizes"], rows)
    if not lacking:
        return Text(text)
    names = ", ".join(lacking)
    return Text(text, f"*Not written down by runs that were stopped: {names}.*")
