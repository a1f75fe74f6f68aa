"""Wiring diagrams of single units."""

from __future__ import annotations

from utils.viz.figures import COLORS, show


def show_gru() -> None:
    """Show one step of a GRU, z the share of the candidate (Chung et al. 2014)."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7, 3.1))
    axis.set(xlim=(0, 14), ylim=(0, 6), aspect="equal")
    axis.axis("off")

    def wire(
        *points: tuple[float, float],
        color: str = "black",
        width: float = 1.2,
        arrow: bool = True,
    ) -> None:
        axis.plot(*zip(*points, strict=True), color=color, lw=width, zorder=1)
        if arrow:
            style = {"arrowstyle": "-|>", "color": color, "lw": width}
            axis.annotate("", points[-1], points[-2], arrowprops=style, zorder=1)

    def box(x: float, y: float, text: str, color: str) -> None:
        style = {"boxstyle": "round,pad=0.35", "fc": "white", "ec": color, "lw": 1.6}
        axis.text(x, y, text, ha="center", va="center", bbox=style, zorder=3)

    def node(x: float, y: float, text: str) -> None:
        style = {"boxstyle": "circle,pad=0.22", "fc": "white", "ec": "black"}
        axis.text(x, y, text, ha="center", va="center", bbox=style, zorder=3)

    reset, update, belt = COLORS[1], COLORS[0], COLORS[2]
    wire((0.9, 5), (8.35, 5), color=belt, width=3.5)
    wire((8.9, 5), (11.4, 5), color=belt, width=3.5)
    wire((12, 5), (13, 5), color=belt, width=3.5)
    axis.text(0.75, 5, "h(t−1)", ha="right", va="center")
    axis.text(13.1, 5, "h(t)", ha="left", va="center")
    wire((0.9, 0.5), (9.1, 0.5), arrow=False)
    axis.text(0.75, 0.5, "x(t)", ha="right", va="center")

    # The old state's way down to the gates and, through r, to the candidate.
    wire((1.6, 5), (1.6, 1.7), arrow=False)
    wire((1.6, 1.7), (2.6, 1.7))
    wire((3.2, 0.5), (3.2, 1.25))
    box(3.2, 1.7, "σ", reset)
    wire((3.2, 2.15), (3.2, 3.05), color=reset, width=1.8)
    axis.text(3.0, 2.6, "r", color=reset, ha="right", va="center")
    wire((1.6, 3.4), (2.85, 3.4))
    node(3.2, 3.4, "×")
    wire((3.55, 3.4), (9.1, 3.4), (9.1, 2.15))
    wire((4.9, 5), (4.9, 1.7), arrow=False)
    wire((4.9, 1.7), (5.8, 1.7))
    wire((6.4, 0.5), (6.4, 1.25))
    box(6.4, 1.7, "σ", update)
    wire((7, 1.7), (7.6, 1.7), (7.6, 4.2), (8.6, 4.2), (8.6, 4.65), color=update)
    axis.text(7.45, 2.6, "z", color=update, ha="right", va="center")
    axis.text(8.75, 4.45, "1 − z", color=update, ha="left", va="center", size=9)
    wire((7.6, 2.75), (11.35, 2.75), color=update)
    wire((9.1, 0.5), (9.1, 1.25))
    box(9.1, 1.7, "tanh", "black")
    wire((9.75, 1.7), (11.7, 1.7), (11.7, 2.4))
    axis.text(10.7, 1.4, "candidate", ha="center", va="top", size=9)
    node(8.6, 5, "×")
    node(11.7, 2.75, "×")
    wire((11.7, 3.1), (11.7, 4.65))
    node(11.7, 5, "+")
    show(
        figure,
        alt="A GRU step. The old state h runs along a straight line on top, is "
        "multiplied by 1 − z and added to z times a candidate to give the new state. "
        "The candidate is a tanh of the input and of the old state multiplied by r. "
        "Both gates, r and z, are sigmoids of the old state and the input.",
    )
