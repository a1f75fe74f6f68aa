"""A control for a running notebook: choose, and the figure is drawn again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from utils.viz.figures import PIXELS_PER_INCH, to_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def control(
    draw: Callable[..., Figure],
    alt: str,
    start: Mapping[str, Any] | None = None,
    **choices: Sequence[Any] | str,
) -> None:
    """Show `draw(**choice)` under one ipywidgets control a keyword.

    A sequence becomes a menu, a range a slider, a string a text field; each starts at
    its first value, or where `start` says. The first figure is part of the output, so
    that a page without a kernel shows it; in a running notebook the controls stand
    above it and redraw it in place. Wrong input (a `ValueError` of `draw`) is said
    beside the control.
    """
    import ipywidgets as widgets
    from IPython.display import display

    inputs = {name: _widget(name, options) for name, options in choices.items()}
    for name, first in (start or {}).items():
        inputs[name].value = first
    figure = draw(**{name: widget.value for name, widget in inputs.items()})
    width = round(figure.get_figwidth() * PIXELS_PER_INCH)
    png = to_png(figure)

    image = widgets.Image(value=png, format="png", layout={"max_width": f"{width}px"})
    message = widgets.HTML()

    def redraw(_change: Any) -> None:
        try:
            image.value = to_png(draw(**{k: w.value for k, w in inputs.items()}))
            message.value = ""
        except ValueError as error:
            message.value = f"<em>{error}</em>"

    for widget in inputs.values():
        widget.observe(redraw, names="value")
    box = widgets.VBox([widgets.HBox(list(inputs.values())), message, image])
    box.layout.display = "flex"

    # One output, two forms: a front end with a kernel takes the widget, any other the
    # image. Stored notebooks keep the image only.
    display(
        {
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": box.model_id,
            },
            "image/png": png,
            "text/plain": alt,
        },
        metadata={"image/png": {"alt": alt, "width": width}},
        raw=True,
    )


def _widget(name: str, options: Sequence[Any] | str) -> Any:
    import ipywidgets as widgets

    description = name.replace("_", " ")
    style = {"description_width": "initial"}
    if isinstance(options, str):
        return widgets.Text(
            options, description=description, style=style, continuous_update=False
        )
    if isinstance(options, range):
        return widgets.IntSlider(
            options[0],
            options[0],
            options[-1],
            options.step,
            description=description,
            style=style,
            continuous_update=False,
        )
    return widgets.Dropdown(options=list(options), description=description, style=style)
