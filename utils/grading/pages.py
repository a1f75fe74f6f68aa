"""What reports have in common: untrusted text made harmless, a page without script."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# Names that Windows gives no file, with any ending.
DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{d}{n}" for d in ("com", "lpt") for n in "123456789"
}

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
STYLE = """
:root { color-scheme: light dark; --ink: #1c1d1f; --paper: #fff; --soft: #5b6068;
  --edge: #d5d8dd; --panel: #f4f5f7; --ok: #1a7f37; --no: #b3261e; --bar: #3b6fb6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e9eb; --paper: #17181a;
  --soft: #a9afb8; --edge: #3c4046; --panel: #222427; --ok: #57c979; --no: #ff9b92;
  --bar: #6ea3ea; } }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
body.wide { max-width: 72rem; }
h1, h2, h3, p, li, td, summary { overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
section h3 { margin: .25rem 0; }
a { color: var(--bar); }
.soft { color: var(--soft); }
.status { font-weight: 600; color: var(--no); }
.right .status { color: var(--ok); }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.message, .comment { border-left: 3px solid var(--no); padding-left: .75rem; }
.comment { border-color: var(--bar); }
section.exercise { border-top: 1px solid var(--edge); padding: .75rem 0; }
summary { cursor: pointer; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; min-width: min(24rem, 100%);
  font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0;
  border-bottom: 1px solid var(--edge); min-width: 7rem; }
td:last-child:not(.number) { min-width: 14rem; }
th { font-weight: 600; color: var(--soft); }
td.number, th.number { min-width: 4rem; text-align: right; padding-right: 1.25rem; }
pre { background: var(--panel); padding: .75rem; overflow-x: auto; font-size: .85rem; }
code { font-size: .9em; background: var(--panel); padding: 0 .25em; }
svg { width: 100%; height: auto; display: block; max-width: 44rem; }
svg rect { fill: var(--bar); } svg text { fill: var(--ink); font: 11px system-ui; }
svg line { stroke: var(--edge); }
.note { background: var(--panel); padding: .25rem 1rem; margin: 1rem 0; }
"""


def page(title: str, body: Iterable[str], wide: bool = False) -> str:
    """A whole page; ``body`` is HTML, ``title`` is not."""
    text = PAGE.format(title=say(title), style=STYLE, body="\n".join(body))
    return text.replace("<body>", '<body class="wide">', 1) if wide else text


def say(text: str, most: int = 300) -> str:
    """Text from anywhere, as HTML: escaped, bounded, what is not seen spelt out."""
    short = text if len(text) <= most else text[:most] + "…"
    return html.escape(visible(short))


def table(
    label: str,
    names: list[str],
    rows: Iterable[Iterable[str]],
    numbers: Iterable[int] = (),
) -> str:
    """A table of HTML cells; the columns at ``numbers`` are flush right."""
    right = set(numbers)

    def line(kind: str, cells: Iterable[str]) -> str:
        made = []
        for index, cell in enumerate(cells):
            what = ' class="number"' if index in right else ""
            scope = ' scope="col"' if kind == "th" else ""
            made.append(f"<{kind}{scope}{what}>{cell}</{kind}>")
        return f"<tr>{''.join(made)}</tr>"

    body = "\n".join(line("td", row) for row in rows)
    # a box that scrolls has to take the focus, or no key scrolls it
    box = f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">'
    head = f"<thead>{line('th', names)}</thead>"
    return f"{box}<table>{head}\n<tbody>{body}</tbody></table></div>"


def visible(text: str) -> str:
    """Text without terminal colours, with control and format characters spelt out.

    A right-to-left override in a name would turn the line around it.
    """
    if text.replace("\n", "").isprintable():  # nearly always, and much faster
        return text
    return "".join(
        f"⟨U+{ord(letter):04X}⟩"
        if unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter not in "\n\t"
        else letter
        for letter in ANSI.sub("", text)
    )


def cell(text: str) -> str:
    """One line that no spreadsheet takes for a formula."""
    line = " ".join(visible(text[:2000]).split())
    return f"'{line}" if line.startswith(tuple("=+-@＝＋－＠")) else line


def file_name(student: str) -> str:
    """A file name for a student, the same for no two of them."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", student).lstrip(".")[:80]
    if plain == student:
        return plain
    return (
        f"{plain}-{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:8]}"
    )


def page_names(students: Iterable[str]) -> dict[str, str]:
    """A file name for each student, also where capitals make no difference."""
    names = {student: file_name(student) for student in students}
    count = Counter(name.casefold() for name in names.values())
    for student, name in names.items():
        device = name.split(".")[0].casefold() in DEVICES
        plain = name and not name.startswith("-")  # which a command takes for an option
        if not plain or device or count[name.casefold()] > 1:
            digest = hashlib.sha256(student.encode("utf-8", "backslashreplace"))
            names[student] = f"{name}-{digest.hexdigest()[:12]}".lstrip("-")
            if device:
                names[student] = f"student-{names[student]}"
    return {student: f"{name}.html" for student, name in names.items()}
