"""Language models and translation."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from utils.evaluation.results import Group, Results, at, least
from utils.viz.figures import COLORS, show
from utils.viz.results.text import (
    NothingYet,
    Text,
    duration,
    literal,
    needs,
    percent,
    points,
    quote,
    signed,
    steps,
    table,
    three,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = {"transformer": "Transformer", "gru": "GRU with attention"}
WIDTHS = {"transformer": "width", "gru": "gru_width"}
LOSSES = {
    "shakespeare": "Tiny Shakespeare, a character",
    "stories-gpt": "the course's stories, a token",
}
WAYS = {
    "mask": "tokens masked",
    "delete": "tokens deleted",
    "infill": "spans infilled",
    "permute": "sentences permuted",
    "rotate": "paragraph rotated",
}


@needs(*LOSSES)
def text_losses(results: Results) -> Text:
    """Loss of the GPTs against steps: training, validation, what was to be reached."""
    import matplotlib.pyplot as plt

    drawn = {
        name: curved
        for name in LOSSES
        if (curved := [g for g in results.groups(name) if g.runs[0].get("curve")])
    }
    if not drawn:
        raise NothingYet
    figure, axes = plt.subplots(
        1, len(drawn), figsize=(4.2 * len(drawn) + 0.4, 3.2), squeeze=False
    )
    said = []
    for ax, (name, groups) in zip(axes[0], drawn.items(), strict=True):
        for group, color in zip(groups, COLORS, strict=False):
            _loss_curve(ax, group, color, len(groups) > 1)
            said.append(_loss_said(group, LOSSES[name]))
        target = results.target(name)
        if target is not None:
            ax.axhline(target, color="black", ls="--", lw=1, label=f"target {target:g}")
        first = [group.runs[0] for group in groups]
        least_of = [min(p["validation_loss"] for p in run["curve"]) for run in first]
        low = min(*least_of, *(loss for run in first for _, loss in run["train_loss"]))
        ax.set(xlabel="training step", title=LOSSES[name])
        ax.set(ylim=(0.9 * low, 2 * max(least_of)))
        ax.legend()
    axes[0, 0].set_ylabel("loss, nats")
    show(figure, alt="Loss against training steps. " + " ".join(said))
    return Text(*(f"*{line}*" for line in said))


def _loss_curve(ax: Axes, group: Group, color: str, several: bool) -> None:
    run = group.runs[0]
    device = f", {group.device}" if several else ""
    ax.plot(
        *zip(*run["train_loss"], strict=True),
        color=color,
        lw=1,
        alpha=0.55,
        label=f"training{device}",
    )
    points = [(p["step"], p["validation_loss"]) for p in run["curve"]]
    style: dict[str, Any] = {"color": color, "marker": "o", "ms": 3.5}
    ax.plot(*zip(*points, strict=True), label=f"validation{device}", **style)


def _loss_said(group: Group, what: str) -> str:
    run = group.runs[0]
    lowest = least("validation_loss")(run)
    assert lowest is not None
    best = next(p for p in run["curve"] if p["validation_loss"] == lowest)
    return (
        f"{what[0].upper()}{what[1:]}: {three(lowest)} nats at step "
        f"{best['step']:,}, after {duration(best['seconds'])} ({group.device}; "
        f"{steps(group)}; training loss {three(run['train_loss'][-1][1])} at the end)."
    )


@needs("stories-gpt")
def written(results: Results) -> Text:
    """A story that the GPT made up, from nothing."""
    group = _of("stories-gpt", results, "stories")
    run = next(run for run in group.runs if "stories" in run)
    recalled = run["recalled"]
    return Text(
        quote(run["stories"][0]),
        f"*Seed {run['seed']}, the first of {len(run['stories'])} that were kept. "
        "Where a story comes back to what someone was given, lines before, the noun is "
        "the "
        f"likeliest in {percent(recalled['share'])} of {recalled['cases']:,} cases.*",
    )


@needs("minilm-mlm")
def masks(results: Results) -> Text:
    """What MiniLM puts where a word is masked, the likeliest first."""
    group = _of("minilm-mlm", results, "filled")
    run = next(run for run in group.runs if "filled" in run)
    best = run["best"]
    rows = [
        (literal(text), ", ".join(map(literal, told)))
        for text, told in run["filled"].items()
    ]
    return Text(
        table(["sentence", "the five likeliest"], rows),
        f"*Of held-out masked tokens, {percent(best['accuracy'])} are the likeliest, "
        f"{percent(best['among_five'])} among the five likeliest; "
        f"{three(best['validation_loss'])} nats each. Trained were "
        f"{run['trained_parameters']:,} of {run['parameters']:,} parameters.*",
    )


@needs("bart-denoiser")
def damage(results: Results) -> Text:
    """How well paragraphs are repaired, by how they were damaged."""
    group = _of("bart-denoiser", results, "repaired")
    run = next(run for run in group.runs if "repaired" in run)
    rows = []
    for way, found in run["repaired"].items():
        loss, said = run["best"][way], percent(found["share"])
        rows.append((WAYS.get(way, way), three(loss), said))
    number = found["paragraphs"]
    return Text(
        table(["damage", "nats a token", "repaired word for word"], rows, " rr"),
        f"*Losses over the validation stories; the last column of {number} paragraphs "
        f"of the test stories. {run['parameters']:,} parameters.*",
    )


@needs("multi30k")
def translation(results: Results) -> Text:
    """BLEU of both kinds on both test sets."""
    rows = []
    target = results.target("multi30k")
    for group in results.groups("multi30k"):
        for kind, parts in group.parts().items():
            if not all("bleu" in part for part in parts):
                continue
            part = group.part(kind)
            found = [part.estimate(at("bleu", test)) for test in target]
            seconds = statistics.fmean(p["seconds"] for p in parts)
            width = group.runs[0]["settings"].get(WIDTHS.get(kind))
            rows.append(
                (
                    KINDS.get(kind, kind) + (f", width {width}" if width else ""),
                    *(points(e.mean) if e else "—" for e in found),
                    f"{parts[0]['parameters'] / 1e6:.1f} M",
                    steps(part),
                    duration(seconds),
                    group.device,
                )
            )
    if not rows:
        raise NothingYet
    aim = ["*target, Transformer*", *map(points, target.values()), "", "", "", ""]
    head = ["", *target, "parameters", "training", "", "on"]
    return Text(table(head, [*rows, aim], " rrrrr"))


@needs("multi30k")
def translation_by_length(results: Results) -> Text:
    """BLEU against the words in the English sentence."""
    import matplotlib.pyplot as plt

    group = _with_part(results, "multi30k", "by_length")
    curves = {
        kind: _mean_by_length([p for p in parts if "by_length" in p])
        for kind, parts in group.parts().items()
        if any("by_length" in part for part in parts)
    }
    figure, ax = plt.subplots(figsize=(6.4, 3.2))
    said = []
    for (kind, curve), color in zip(curves.items(), COLORS, strict=False):
        name = KINDS.get(kind, kind)
        ax.plot(list(curve), list(curve.values()), "o-", color=color, label=name)
        short, *_, long = curve.values()
        said.append(f"{name} from {points(short)} to {points(long)}")
    ax.set(xlabel="words in the English sentence", ylabel="BLEU, both test sets")
    ax.legend()
    found = f"From the shortest sentences to the longest: {', '.join(said)}."
    if len(curves) == 2:
        gaps = [
            signed(a - b)
            for a, b in zip(*map(dict.values, curves.values()), strict=True)
        ]
        first, second = (KINDS.get(kind, kind) for kind in curves)
        found += f" {first} less {second}: {', '.join(gaps)} BLEU."
    show(figure, alt=f"BLEU against sentence length. {found}")
    return Text(f"*{found}*")


def _mean_by_length(parts: list[Any]) -> dict[str, float]:
    """BLEU by the bin's name, over seeds."""
    found = {}
    for bins in zip(*(part["by_length"] for part in parts), strict=True):
        low, high = bins[0]["above"] + 1, bins[0]["up_to"]
        name = f"{low} and more" if high > 100 else f"{low} to {high}"
        name = f"up to {high}" if low == 1 else name
        found[name] = statistics.fmean(b["bleu"] for b in bins)
    return found


@needs("translator")
def own_translator(results: Results) -> Text:
    """The small translator that lessons load: how often right, and the notes' lines."""
    group = _of("translator", results, "notes")
    run = next(run for run in group.runs if "notes" in run)
    right, bleu = run["exactly_right"], run["bleu"]
    splits = run["data"]["splits"]
    names = {"test": "unseen sentences", "compositional": "unseen combinations"}
    rows = [
        (names.get(s, s), splits[s], percent(right[s]), points(bleu[s])) for s in right
    ]
    lines = [
        (literal(english), literal(french), "yes" if french == expected else "no")
        for english, french, expected in run["notes"]
    ]
    return Text(
        table(["", "sentences", "right word for word", "BLEU"], rows, " rrr"),
        table(["English of the notes", "what it writes", "as in the notes"], lines),
        f"*{run['parameters']:,} parameters, {steps(group)}, {group.device}. Where it "
        f"is wrong: {_one_wrong(run)}*",
    )


def _one_wrong(run: Mapping[str, Any]) -> str:
    if not run["wrong"]:
        return "nowhere in these."
    english, french, expected = map(literal, run["wrong"][0])
    return f"“{english}” became “{french}” instead of “{expected}”"


def _of(recipe: str, results: Results, key: str) -> Group:
    """The first group one of whose runs has this."""
    for group in results.groups(recipe):
        if any(key in run for run in group.runs):
            return group
    raise NothingYet


def _with_part(results: Results, recipe: str, key: str) -> Group:
    """The first group one of whose runs' parts has this."""
    for group in results.groups(recipe):
        if any(key in part for parts in group.parts().values() for part in parts):
            return group
    raise NothingYet
