"""The course's own Sphinx extension: where the site lives, alt text, the syllabus."""

from __future__ import annotations

import json
import os
from functools import wraps
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from myst_nb.core.render import NbElementRenderer
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective, SphinxRole

SYLLABUS = "book/syllabus.yml"


# Where the site lives -----------------------------------------------------------------


def repository(configured: str, environment: dict[str, str]) -> str:
    """The address of the repository that buttons point at.

    A fork's own build sets ``GITHUB_REPOSITORY`` (GitHub Actions does), any other host
    ``COURSE_REPOSITORY``; either may be ``NAME/REPOSITORY`` or a full address.
    """
    names = ("COURSE_REPOSITORY", "GITHUB_REPOSITORY")
    address = next((environment[n] for n in names if environment.get(n)), configured)
    if "://" not in address:
        address = f"https://github.com/{address}"
    return address.rstrip("/").removesuffix(".git")


def pages_address(repository_address: str) -> str:
    """Where GitHub Pages puts the site of a repository, with a slash at the end."""
    owner, name = repository_address.split("/")[-2:]
    root = f"https://{owner.lower()}.github.io/"
    return root if name.lower() == f"{owner}.github.io".lower() else f"{root}{name}/"


def _locate(app, config) -> None:
    options = config.html_theme_options
    configured = options["repository_url"]
    address = options["repository_url"] = repository(configured, dict(os.environ))
    if branch := os.environ.get("COURSE_BRANCH"):
        options["repository_branch"] = branch
    config.html_baseurl = config.ogp_site_url = pages_address(address)

    def rewrite(app, docname, source):
        source[0] = source[0].replace(configured, address)

    app.connect("source-read", rewrite)  # commands on a fork's pages name the fork


# The syllabus -------------------------------------------------------------------------


def read_syllabus(root: Path) -> list[dict]:
    """The parts of ``book/syllabus.yml``; a lesson's ``path`` is None until it exists.

    Lessons get ``stem`` (``06_attention``), ``path`` (``lessons/06_attention.ipynb``)
    and ``exercises`` (the tasks' grade metadata: points, minutes, difficulty).
    """
    parts = yaml.safe_load((root / SYLLABUS).read_text(encoding="utf-8"))
    for part in parts:
        for lesson in part["lessons"]:
            lesson["stem"] = stem = f"{lesson['number']:02d}_{lesson['name']}"
            path = f"lessons/{stem}.ipynb"
            lesson["path"] = path if (root / path).exists() else None
            lesson["exercises"] = tasks(root / f"exercises/{stem}.ipynb")
    return parts


def tasks(notebook: Path) -> list[dict]:
    """The grade metadata of a notebook's task cells; [] where there is no notebook."""
    if not notebook.exists():
        return []
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    grades = (cell["metadata"].get("grade", {}) for cell in cells)
    return [grade for grade in grades if grade.get("role") == "task"]


def _totals(app, config) -> None:
    parts = read_syllabus(Path(app.srcdir))
    lessons = [lesson for part in parts for lesson in part["lessons"]]
    minutes = [lesson["minutes"] for lesson in lessons]
    config.myst_substitutions |= {
        "lessons": len(lessons),
        "ready": sum(lesson["path"] is not None for lesson in lessons),
        "lesson_minutes": sorted(minutes)[len(minutes) // 2],
        "hours": round(sum(minutes) / 60),
    }


class Syllabus(SphinxDirective):
    """``{syllabus} map``, ``questions`` or ``workload``: the lessons, rendered.

    Markdown is generated and parsed in place, so links are checked like any other.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        if self.arguments[0] not in ("map", "questions", "workload"):
            raise self.error(f"map, questions or workload, was {self.arguments[0]}")
        for dependency in (SYLLABUS, "lessons", "exercises"):
            self.env.note_dependency(dependency)
        parts = read_syllabus(Path(self.env.srcdir))
        return getattr(self, self.arguments[0])(parts)

    def map(self, parts: list[dict]) -> list[nodes.Node]:
        """A column for each part, a line for each lesson."""
        boxes = []
        for part in parts:
            lines = _heading(part) + [f"- {_line(le)}" for le in part["lessons"]]
            boxes.append(self._box("course-part", lines))
        return [nodes.container("", *boxes, classes=["course-map"])]

    def questions(self, parts: list[dict]) -> list[nodes.Node]:
        """A table for each part: lesson, question, minutes."""
        lines = []
        for part in parts:
            lines += [f"**{part['part']}**", ""]
            lines += [
                "| lesson | the question it answers | minutes |",
                "|---|---|---:|",
            ]
            for lesson in part["lessons"]:
                cells = _line(lesson), lesson["question"], lesson["minutes"]
                lines.append(_row(cells))
            lines.append("")
        return [self._box("course-questions", lines)]

    def workload(self, parts: list[dict]) -> list[nodes.Node]:
        """A row for each lesson that has exercises, summed from their metadata."""
        header = "lesson", "to read", "exercises", "points", "to solve", "difficulty"
        lines = [_row(header), "|---|---:|---:|---:|---:|---:|"]
        for lesson in (lesson for part in parts for lesson in part["lessons"]):
            if exercises := lesson["exercises"]:
                levels = [task["difficulty"] for task in exercises]
                cells = (
                    _line(lesson),
                    f"{lesson['minutes']} min",
                    len(exercises),
                    sum(task["points"] for task in exercises),
                    f"{sum(task['minutes'] for task in exercises)} min",
                    f"{min(levels)} to {max(levels)}",
                )
                lines.append(_row(cells))
        return [self._box("course-workload", lines)]

    def _box(self, name: str, lines: list[str]) -> nodes.container:
        box = nodes.container(classes=[name])
        self.state.nested_parse(StringList(lines, source=""), self.content_offset, box)
        return box


def _heading(part: dict) -> list[str]:
    return [f"```{{rubric}} {part['part']}", ":heading-level: 2", "```"]


def _row(cells) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _line(lesson: dict) -> str:
    return f"{{lesson}}`{lesson['number']}`"


class LessonRole(SphinxRole):
    """``{lesson}`6```: "06 Attention", a link as soon as the lesson exists."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        self.env.note_dependency(SYLLABUS)
        self.env.note_dependency("lessons")
        parts = read_syllabus(Path(self.env.srcdir))
        lessons = {le["number"]: le for part in parts for le in part["lessons"]}
        if not (self.text.isdigit() and int(self.text) in lessons):
            raise ExtensionError(f"{{lesson}} takes a lesson's number, was {self.text}")
        lesson = lessons[int(self.text)]
        text = f"{lesson['number']:02d} {lesson['title']}"
        if lesson["path"] is None:
            return [nodes.inline("", text, classes=["to-come"])], []
        target = "/" + lesson["path"].removesuffix(".ipynb")
        link = addnodes.pending_xref(
            "",
            nodes.inline("", text),
            refdomain="std",
            reftype="doc",
            reftarget=target,
            refdoc=self.env.docname,
            refexplicit=True,
            refwarn=True,
        )
        return [link], []


# What the stock builders leave wrong --------------------------------------------------


def _with_alt_text(render_image):
    """Let an image output's metadata carry its alt text as it carries its width."""

    @wraps(render_image)
    def render(self, data):
        images = render_image(self, data)
        if alt := data.output_metadata.get(data.mime_type, {}).get("alt"):
            images[0]["alt"] = alt
        return images

    return render


def _scripts(app, pagename, templatename, context, doctree) -> None:
    # Jupyter Book 1 loads sphinx-thebe always, twice over, which throws on every page;
    # Sphinx gives the root page MathJax whenever any page below it has a formula.
    unwanted = ["sphinx-thebe", "THEBE_JS_URL"]
    if doctree is None or not any(doctree.findall(_is_math)):
        unwanted += ["tex-chtml.js", "window.MathJax"]
    context["script_files"][:] = [
        file
        for file in context["script_files"]
        if not any(
            word in f"{file.filename} {file.attributes.get('body')}"
            for word in unwanted
        )
    ]


def _name_solutions(app, docname, source) -> None:
    # Exercises are made from solutions, so the two have the same heading.
    if docname.startswith("solutions/"):
        source[0] = source[0].replace('"# Exercises', '"# Solutions', 1)


def _is_math(node) -> bool:
    return isinstance(node, nodes.math | nodes.math_block)


def setup(app):
    """Register with Sphinx."""
    if not hasattr(NbElementRenderer.render_image, "__wrapped__"):
        NbElementRenderer.render_image = _with_alt_text(NbElementRenderer.render_image)
    app.add_directive("syllabus", Syllabus)
    app.add_role("lesson", LessonRole())
    app.connect("config-inited", _locate, priority=900)
    app.connect("config-inited", _totals, priority=100)
    app.connect("source-read", _name_solutions)
    app.connect("html-page-context", _scripts, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
