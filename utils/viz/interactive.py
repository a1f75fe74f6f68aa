"""Figures that answer to the reader without a kernel: data, a table, a script."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "scripts"


class Interactive:
    """An HTML figure driven by the notebook's own numbers.

    The output is a plain table of the essential numbers with its data beside it as
    JSON. Where scripts run (the site, a trusted notebook, Colab) `scripts/NAME.js`
    replaces the table by the figure; elsewhere the table stays. Nothing is fetched.

    Args:
        name: the script's name in `utils/viz/scripts`. It is the body of a function of
            `root` (an empty element to fill) and `data`.
        data: what the script draws, JSON-serialisable, a list or a dict.
        table: rows of cells, the first being the header: what a reader without scripts
            sees.
        alt: what the figure shows, in a sentence or two.
        rtol: how far a number of `data` may lie from the stored one. `None`: numbers
            that come out of training, of which only keys and lengths are compared.

    Raises:
        FileNotFoundError: there is no such script.
    """

    def __init__(
        self,
        name: str,
        data: Any,
        *,
        table: list[list[Any]],
        alt: str,
        rtol: float | None = None,
    ):
        self.name, self.data, self.table, self.alt, self.rtol = (
            name,
            data,
            table,
            alt,
            rtol,
        )
        self.script = (SCRIPTS / f"{name}.js").read_text(encoding="utf8")

    def __repr__(self) -> str:
        return f"Interactive figure: {self.alt}"

    def _repr_html_(self) -> str:
        # "</" would end the script element early, whatever stands in the data.
        data = json.dumps(self.data, separators=(",", ":")).replace("</", "<\\/")
        compared = "" if self.rtol is None else f' data-rtol="{self.rtol}"'
        style = (SCRIPTS / "interactive.css").read_text(encoding="utf8")
        start = (SCRIPTS / "start.js").read_text(encoding="utf8")
        return (
            f'<figure class="interactive" data-figure="{self.name}"{compared} '
            f'aria-label="{html.escape(self.alt)}">\n'
            f'<style>{style}</style>\n{self._table()}\n<div class="stage"></div>\n'
            f'<script type="application/json">{data}</script>\n'
            f"<script>(function (draw) {{\n{start}}})(function (root, data) {{\n"
            f"{self.script}}});</script>\n</figure>"
        )

    def _table(self) -> str:
        head, *body = [[html.escape(str(cell)) for cell in row] for row in self.table]
        header = "".join(f'<th scope="col">{cell}</th>' for cell in head)
        rows = "".join(
            "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
            for row in body
        )
        return (
            f'<table class="fallback"><thead><tr>{header}</tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )
