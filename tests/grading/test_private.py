"""The student repository holds no answer, and a planted one is found wherever it is."""

import gzip
import io
import json
import marshal
import shutil
import subprocess
import zipfile

import nbformat
import pytest
import yaml
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    new_raw_cell,
)

from utils.grading import private
from utils.grading.check import VALUE_MIME
from utils.grading.leaks import leaks, secrets_of
from utils.notebooks.files import ROOT, read, write
from utils.notebooks.release import release

LINE = "accumulated = [2 * element for element in sequence]"
ANSWER = f"""\
def double(sequence):
    # BEGIN SOLUTION
    # STUB: return ...
    {LINE}
    return accumulated or list(sequence) or []
    # END SOLUTION"""
HIDDEN = "value('secret numbers', double([31.25, 4.5, 17.75]))"
MUTANT = "return [element ** 2 for element in sequence]"
WHY = "Doubling is addition of a number to itself, which is why it works."
NUMBERS = [0.22130686044692993, -0.3119342029094696, 0.5989467501640320, 0.454411208]
TOC = """\
# solutions/ is named in this comment only
format: jb-book
root: book/index
chapters:
  - {file: lessons/01_double, sections: [{file: exercises/01_double}, \
{file: solutions/01_double, title: Solutions}]}
"""


def part(make, source, name, role, **more):
    grade = {"id": "double", "role": role, **more}
    return make(source, id=name, metadata={"grade": grade})


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    for folder in ("solutions", "lessons", "exercises", "utils", "book", "tests"):
        (root / folder).mkdir(parents=True)
    value = {"name": "secret numbers", "value": {"shape": [4], "data": NUMBERS}}
    shown = new_output("display_data", {VALUE_MIME: value, "text/plain": "value"})
    cells = [
        new_markdown_cell("# Solutions: doubling", id="title"),
        part(new_markdown_cell, "Double it.", "task", "task", points=3),
        part(new_code_cell, ANSWER, "answer", "answer"),
        part(new_code_cell, "check('two', double([1]), [2])", "seen", "check"),
        part(new_code_cell, HIDDEN, "unseen", "hidden", points=3),
        part(new_raw_cell, MUTANT, "squares", "mutant", message="squares"),
        part(new_markdown_cell, WHY, "why", "explanation"),
    ]
    cells[4].outputs = [shown]
    write(new_notebook(cells=cells), root / "solutions" / "01_double.ipynb")
    lesson = [
        new_markdown_cell("# Doubling", id="title"),
        new_code_cell("tripled = [3 * element for element in [1, 2]]", id="code"),
    ]
    write(new_notebook(cells=lesson), root / "lessons" / "01_double.ipynb")
    (root / "_toc.yml").write_text(TOC)
    (root / "make.py").write_text("print('make')\n")
    (root / "utils" / "doubling.py").write_text("DOUBLE = 2\n")
    (root / "book" / "index.md").write_text("# Doubling\n")
    (root / "tests" / "test_double.py").write_text(ANSWER)
    (root / ".env").write_text("COURSE_KEY=secret")
    return root


@pytest.fixture
def student(course, tmp_path):
    """A clean student repository that is written and not yet proven."""
    private.write_course(course, tmp_path / "out")
    assert leaks(tmp_path / "out", secrets_of(course)) == []
    return tmp_path / "out"


def plant(path, change):
    notebook = read(path)
    change(notebook.cells)
    write(notebook, path)


def test_a_clean_release(course, tmp_path):
    out = tmp_path / "to" / "students"
    names = {str(p.relative_to(out)) for p in private.release(course, out)}
    assert {name for name in names if not name.startswith(".git/")} == {
        "_toc.yml",
        "book/index.md",
        "exercises/01_double.ipynb",
        "lessons/01_double.ipynb",
        "make.py",
        "utils/doubling.py",
    }
    assert "solutions/" not in json.dumps(
        yaml.safe_load((out / "_toc.yml").read_text())
    )
    assert "return ..." in (out / "exercises" / "01_double.ipynb").read_text()
    assert list(out.parent.iterdir()) == [out]
    if shutil.which("git"):
        assert (out / ".git").is_dir()
    with pytest.raises(FileExistsError):
        private.release(course, out)


def test_exercises_stay_where_there_are_no_solutions(student):
    with pytest.raises(FileNotFoundError, match="no solutions"):
        release(student)
    assert (student / "exercises" / "01_double.ipynb").exists()


def test_only_what_git_knows(course, tmp_path):
    git = ["git", "-C", str(course)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    (course / "utils" / "notes.txt").write_text("my own notes")
    names = {path.name for path in private.release(course, tmp_path / "out")}
    assert "notes.txt" not in names and "doubling.py" in names


def test_nothing_stays_of_a_release_that_leaks(course, tmp_path):
    (course / "book" / "index.md").write_text(f"The answer is:\n\n{LINE}\n")
    with pytest.raises(private.Leaked, match="book/index.md: 01_double, double"):
        private.release(course, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course"]


def test_solutions_left_in_the_contents(course, tmp_path):
    (course / "_toc.yml").write_text("chapters:\n  - file: solutions/01_double\n")
    with pytest.raises(ValueError, match="_toc.yml"):
        private.release(course, tmp_path / "out")


def test_a_link_out_of_the_course(course, tmp_path):
    (course / "book" / "key").symlink_to(course / ".env")
    with pytest.raises(ValueError, match="symbolic link"):
        private.release(course, tmp_path / "out")


def in_lesson(out):
    def change(cells):
        cells[1].source += f"\n{LINE}"

    plant(out / "lessons" / "01_double.ipynb", change)


def in_hidden_cell(out):
    def change(cells):
        cells.append(new_code_cell(HIDDEN, id="left"))

    plant(out / "exercises" / "01_double.ipynb", change)


def with_role(out):
    def change(cells):
        cells.append(part(new_code_cell, "1", "left", "hidden"))

    plant(out / "exercises" / "01_double.ipynb", change)


def in_output(out):
    def change(cells):
        text = f"tensor([{', '.join(f'{x:.4f}' for x in NUMBERS)}])"
        cells[1].outputs = [new_output("stream", text=text)]

    plant(out / "lessons" / "01_double.ipynb", change)


def in_graded_output(out):
    def change(cells):
        data = {VALUE_MIME: {"name": "x", "value": 1}}
        cells[1].outputs = [new_output("display_data", data)]

    plant(out / "lessons" / "01_double.ipynb", change)


def in_list_of_numbers(out):
    (out / "book" / "data.json").write_text(json.dumps({"x": [1, NUMBERS[2]]}))


def in_code(out):
    (out / "utils" / "doubling.py").write_text(f"EXPECTED = {NUMBERS[0]}\n")


def as_whole_answer(out):
    """Wrapped and indented in another way."""
    text = ANSWER.replace("    ", "\t\t").replace(" = ", "=").replace("[2 *", "[2*")
    (out / "utils" / "doubling.py").write_text(text)


def as_string(out):
    (out / "utils" / "doubling.py").write_text(f"ANSWER = {json.dumps(ANSWER)}\n")


def as_html(out):
    (out / "book" / "index.md").write_text(f"<pre>{MUTANT.replace('*', '&#42;')}</pre>")


def as_explanation(out):
    (out / "README.md").write_text(WHY)


def as_bytecode(out):
    folder = out / "utils" / "__pycache__"
    folder.mkdir()
    (folder / "answers.cpython-311.pyc").write_bytes(
        b"\0" * 16 + marshal.dumps(compile(ANSWER, "answers.py", "exec"))
    )


def as_checkpoint(out):
    folder = out / "lessons" / ".ipynb_checkpoints"
    folder.mkdir()
    (folder / "01_double-checkpoint.ipynb").write_text("{}")


def as_solution(out):
    (out / "solutions").mkdir()
    (out / "solutions" / "empty.txt").write_text("")


def as_link(out):
    (out / "book" / "link").symlink_to("/etc/hostname")


def in_zip(out):
    with zipfile.ZipFile(out / "book" / "data.bin", "w") as file:
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.py", ANSWER)
        file.writestr("inner.zip", inner.getvalue())


def in_gzip(out):
    (out / "book" / "data.json.gz").write_bytes(gzip.compress(HIDDEN.encode()))


def in_damaged_archive(out):
    (out / "book" / "data.xz").write_bytes(b"no archive")


def in_binary(out):
    (out / "book" / "font.woff").write_bytes(b"\0\1" + LINE.encode() + b"\0\2")


def in_utf16(out):
    (out / "book" / "notes.txt").write_bytes(LINE.encode("utf-16"))


def in_git(out):
    command = ["git", "-C", str(out), "hash-object", "-w", "--stdin"]
    subprocess.run(command, input=ANSWER.encode(), check=True, capture_output=True)


@pytest.mark.parametrize(
    ("planted", "where"),
    [
        (in_lesson, "lessons/01_double.ipynb: 01_double, double: a line of the answer"),
        (in_hidden_cell, "exercises/01_double.ipynb: 01_double, double: a line of a"),
        (with_role, "exercises/01_double.ipynb: a cell that is hidden"),
        (in_output, "lessons/01_double.ipynb: 01_double, double: a hidden value"),
        (in_graded_output, "lessons/01_double.ipynb: a value that is graded"),
        (in_list_of_numbers, "book/data.json: 01_double, double: a hidden value"),
        (in_code, "utils/doubling.py: 01_double, double: a hidden value"),
        (as_whole_answer, "utils/doubling.py: 01_double, double: a line of the answer"),
        (as_string, "utils/doubling.py: 01_double, double: a line of the answer"),
        (as_html, "book/index.md: 01_double, double: a line of a cell that is mutant"),
        (as_explanation, "README.md: 01_double, double: a line of a cell that is expl"),
        (
            as_bytecode,
            "utils/__pycache__/answers.cpython-311.pyc: no file of",
        ),
        (as_checkpoint, "lessons/.ipynb_checkpoints/01_double-checkpoint.ipynb: no fi"),
        (as_solution, "solutions/empty.txt: no file of this kind"),
        (as_link, "book/link: a symbolic link"),
        (in_zip, "book/data.bin!inner.zip!a.py: 01_double, double: a line of the answ"),
        (in_gzip, "book/data.json: 01_double, double: a line of a cell that is hidden"),
        (in_damaged_archive, "book/data.xz: cannot be read"),
        (in_binary, "book/font.woff: 01_double, double: a line of the answer"),
        (in_utf16, "book/notes.txt: 01_double, double: a line of the answer"),
        (in_git, ".git, blob "),
    ],
)
def test_a_planted_leak(course, student, planted, where):
    planted(student)
    found = [str(leak) for leak in leaks(student, secrets_of(course))]
    assert any(leak.startswith(where) for leak in found), found


def test_what_a_lesson_teaches_is_no_leak(course, student, tmp_path):
    """A line that stands in a lesson too; the whole answer is a leak still."""

    def one(cells):
        cells[1].source += f"\n{LINE}"

    plant(course / "lessons" / "01_double.ipynb", one)
    private.release(course, tmp_path / "one")

    def rest(cells):
        cells[1].source += "\nreturn accumulated or list(sequence) or []"

    plant(course / "lessons" / "01_double.ipynb", rest)
    with pytest.raises(private.Leaked, match="lessons/01_double.ipynb: .*: the answer"):
        private.release(course, tmp_path / "two")


def test_the_course_itself(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip(
            "no git repository: what it keeps cannot be told from what it built"
        )
    out = tmp_path / "out"
    private.release(ROOT, out)
    for path in (ROOT / "solutions").glob("*.ipynb"):
        assert (out / "exercises" / path.name).exists()
    assert not (out / "solutions").exists() and not (out / "tests").exists()
    solution = nbformat.read(ROOT / "solutions" / "06_attention.ipynb", 4)
    (out / "book" / "notes.md").write_text(solution.cells[5].source)
    secrets = secrets_of(ROOT)
    shutil.rmtree(out / "utils")
    assert {leak.file for leak in leaks(out, secrets)} == {"book/notes.md"}
