"""Still figures: one style, one way to show them, one heat map."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

# Okabe and Ito's palette: told apart by readers with any colour vision.
COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]

PIXELS_PER_INCH = 96


def use_style() -> None:
    """Set the course's matplotlib style for this session."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    sns.set_theme(context="notebook", style="ticks", palette=COLORS)
    plt.rcParams.update(
        {
            "figure.figsize": (7.0, 3.2),
            "figure.constrained_layout.use": True,
            "font.size": 11,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.labelsize": 10.5,
            "xtick.labelsize": 9.5,
            "ytick.labelsize": 9.5,
            "legend.fontsize": 9.5,
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )


def to_png(figure: Figure) -> bytes:
    """Draw a figure at twice the screen's resolution and close it."""
    import matplotlib.pyplot as plt

    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=2 * PIXELS_PER_INCH)
    plt.close(figure)
    return buffer.getvalue()


def show(figure: Figure, alt: str) -> None:
    """Display a figure with a text that carries its finding to those who can't see it.

    The text is the image's alternative on the site and in Jupyter, and the plain-text
    output elsewhere.

    Raises:
        ValueError: the text is shorter than twenty characters.
    """
    if len(alt.strip()) < 20:
        raise ValueError(f"alt must say what the figure shows, was {alt!r}")
    from IPython.display import display

    width = round(figure.get_figwidth() * PIXELS_PER_INCH)
    display(
        {"image/png": to_png(figure), "text/plain": alt},
        metadata={"image/png": {"alt": alt, "width": width}},
        raw=True,
    )


def heatmap(
    ax: Axes,
    weights: Tensor,
    columns: Sequence[str],
    rows: Sequence[str],
    *,
    annotate: bool = True,
    vmax: float = 1.0,
) -> None:
    """Draw a matrix of weights (row, column), dark for large, on `ax`.

    Raises:
        ValueError: `weights` isn't (number of rows, number of columns).
    """
    if tuple(weights.shape) != (len(rows), len(columns)):
        raise ValueError(
            f"weights are {tuple(weights.shape)}, "
            f"labels {len(rows)} rows and {len(columns)} columns"
        )
    import seaborn as sns

    sns.heatmap(
        weights.detach().cpu().numpy(),
        ax=ax,
        vmin=0.0,
        vmax=vmax,
        cmap="Blues",
        annot=annotate,
        fmt=".2f",
        annot_kws={"size": 9},
        cbar=False,
        square=True,
        linewidths=0.5,
        xticklabels=list(columns),
        yticklabels=list(rows),
    )
    ax.tick_params(left=False, bottom=False)
    ax.set_xticklabels(ax.get_xticklabels(), rotation=45, ha="right")
    ax.set_yticklabels(ax.get_yticklabels(), rotation=0)
