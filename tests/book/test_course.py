"""The site's own extension, its syllabus and its table of contents."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("jupyter_book")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import course  # noqa: E402

CONFIGURED = "https://github.com/OWNER/inside-transformers"


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, CONFIGURED),
        ({"GITHUB_REPOSITORY": "ada/course"}, "https://github.com/ada/course"),
        (
            {"GITHUB_REPOSITORY": "ada/course", "COURSE_REPOSITORY": "eve/fork"},
            "https://github.com/eve/fork",
        ),
        (
            {"COURSE_REPOSITORY": "https://gitlab.com/a/b.git"},
            "https://gitlab.com/a/b",
        ),
        ({"COURSE_REPOSITORY": "", "GITHUB_REPOSITORY": ""}, CONFIGURED),
    ],
)
def test_a_fork_builds_its_own_links(environment, address):
    assert course.repository(CONFIGURED, environment) == address


def test_pages_address():
    assert course.pages_address("https://github.com/Ada/course").endswith(
        "//ada.github.io/course/"
    )
    assert course.pages_address("https://github.com/Ada/ada.github.io").endswith(
        "//ada.github.io/"
    )


def test_the_syllabus_has_thirty_lessons_in_seven_parts():
    parts = course.read_syllabus(ROOT)
    lessons = [lesson for part in parts for lesson in part["lessons"]]
    assert len(parts) == 7
    assert [lesson["number"] for lesson in lessons] == list(range(1, 31))
    assert len({lesson["name"] for lesson in lessons}) == 30
    assert all(lesson["question"].endswith("?") for lesson in lessons)


def line(root: Path, lesson: dict) -> dict:
    """What ``_toc.yml`` must say of a lesson."""
    sections = [
        {"file": f"{folder}/{lesson['stem']}", "title": folder.capitalize()}
        for folder in ("exercises", "solutions")
        if (root / folder / f"{lesson['stem']}.ipynb").exists()
    ]
    title = f"{lesson['number']:02d} {lesson['title']}"
    entry = {"file": f"lessons/{lesson['stem']}", "title": title}
    return entry | ({"sections": sections} if sections else {})


def contents_problems(root: Path) -> list[str]:
    """Where ``_toc.yml`` differs from the lessons that exist."""
    contents = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    listed = [
        (part["caption"], entry)
        for part in contents["parts"]
        for entry in part["chapters"]
        if entry["file"].startswith("lessons/")
    ]
    due = [
        (part["part"], line(root, lesson))
        for part in course.read_syllabus(root)
        for lesson in part["lessons"]
        if lesson["path"]
    ]
    return [
        f"{word} {part}: {yaml.safe_dump(entry, default_flow_style=True, width=1000)}"
        for word, some, others in (("add to", due, listed), ("drop from", listed, due))
        for part, entry in some
        if (part, entry) not in others
    ]


def test_contents_list_the_lessons_that_exist():
    assert contents_problems(ROOT) == []


def test_titles_are_those_of_the_syllabus():
    for part in course.read_syllabus(ROOT):
        for lesson in filter(lambda lesson: lesson["path"], part["lessons"]):
            first = nbformat.read(ROOT / lesson["path"], 4).cells[0].source
            assert first.splitlines()[0] == f"# {lesson['title']}", lesson["path"]


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="  # noqa: E501
ALT = "One grey pixel, which says nothing."


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A site of one page and one lesson, built as a fork builds it."""
    root = tmp_path_factory.mktemp("small")
    shutil.copy(ROOT / "_config.yml", root)
    shutil.copytree(ROOT / "book", root / "book")
    for page in (root / "book").glob("*.md"):
        page.unlink()
    (root / "book" / "index.md").write_text(
        "# Small\n\n{lesson}`6` and {lesson}`7`, {{ ready }} of {{ lessons }}.\n\n"
        f"```sh\ngit clone {CONFIGURED}\n```\n\n```{{syllabus}} map\n```\n"
        "\n```{syllabus} questions\n```\n\n```{syllabus} workload\n```\n"
    )
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nparts:\n"
        "  - caption: II The Transformer\n    chapters:\n"
        "      - {file: lessons/06_attention, title: 06 Attention, sections: ["
        "{file: exercises/06_attention, title: Exercises}, "
        "{file: solutions/06_attention, title: Solutions}]}\n"
        "      - {file: lessons/07_gone, title: 07 Gone}\n"
    )
    new = nbformat.v4
    widget = {"model_id": "0", "version_major": 2, "version_minor": 0}
    outputs = [
        new.new_output(
            "display_data",
            data={"image/png": PIXEL, "text/plain": ALT},
            metadata={"image/png": {"alt": ALT, "width": 40}},
        ),
        new.new_output(
            "display_data",
            data={
                "application/vnd.jupyter.widget-view+json": widget,
                "text/html": "<b>instead</b>",
                "text/plain": "a widget",
            },
        ),
    ]
    task = {"id": "a", "role": "task", "points": 3, "minutes": 7, "difficulty": 2}
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    lesson = new.new_notebook(metadata=metadata)
    lesson.cells = [
        new.new_markdown_cell("# Attention\n\n$x^2$"),
        new.new_code_cell("show()", outputs=outputs, execution_count=1),
    ]
    exercises = new.new_notebook(metadata=metadata)
    exercises.cells = [
        new.new_markdown_cell(text, metadata={"grade": task})
        for text in ("# Exercises", "F")
    ]
    folders = {"lessons": lesson, "exercises": exercises, "solutions": exercises}
    for folder, notebook in folders.items():
        (root / folder).mkdir()
        nbformat.write(notebook, root / folder / "06_attention.ipynb")
    assert contents_problems(root) == [
        "drop from II The Transformer: {file: lessons/07_gone, title: 07 Gone}\n"
    ]
    toc = (root / "_toc.yml").read_text().splitlines()[:-1]
    (root / "_toc.yml").write_text("\n".join(toc))
    environment = os.environ | {"COURSE_REPOSITORY": "ada/fork", "COURSE_BRANCH": "dev"}
    start = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", start, "build", ".", "-W", "-n"]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return root / "_build" / "html"


def test_a_forks_pages_name_the_fork(small):
    lesson = (small / "lessons/06_attention.html").read_text(encoding="utf-8")
    prefix = "https://colab.research.google.com/github/ada/fork/blob/dev"
    assert f'href="{prefix}/lessons/06_attention.ipynb"' in lesson
    assert 'href="../_sources/lessons/06_attention.ipynb"' in lesson
    index = (small / "book/index.html").read_text(encoding="utf-8")
    assert "git clone https://github.com/ada/fork" in re.sub("<[^>]+>", "", index)
    assert "OWNER" not in index + lesson


def test_an_output_brings_its_alt_text_and_a_widget_its_fallback(small):
    lesson = (small / "lessons/06_attention.html").read_text(encoding="utf-8")
    assert re.search(f'<img alt="{ALT}"[^>]*width: 40px', lesson)
    assert "<b>instead</b>" in lesson
    assert "widget-view" not in lesson
    assert "require" not in lesson
    assert "THEBE_JS_URL" not in lesson


def test_solutions_are_called_solutions(small):
    solutions = (small / "solutions/06_attention.html").read_text(encoding="utf-8")
    assert "<h1>Solutions<" in solutions


def test_mathematics_is_loaded_where_there_is_some(small):
    assert "tex-chtml" in (small / "lessons/06_attention.html").read_text()
    assert "tex-chtml" not in (small / "book/index.html").read_text()


def test_lessons_are_links_once_they_exist(small):
    index = (small / "book/index.html").read_text(encoding="utf-8")
    link = 'lessons/06_attention.html"><span class="doc">06 Attention</span></a>'
    assert index.count(link) == 4  # role, map, questions, workload
    assert '<span class="to-come">07 Multi-head attention</span>' in index
    assert "1 of 30" in index
    workload = re.sub("<[^>]+>", " ", index.split("course-workload")[1]).split()
    first = workload.index("06")
    row = ["06", "Attention", "40", "min", "2", "6", "14", "min", "2"]
    assert workload[first : first + 9] == row  # its two tasks, summed
