"""The commands: what they say when something is wrong, and when nothing changed."""

import errno
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def make(monkeypatch, tmp_path):
    """make.py as a module, at work in an empty folder."""
    spec = importlib.util.spec_from_file_location("make", ROOT / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, path in {
        "ROOT": tmp_path,
        "BUILD": tmp_path / "_build",
        "VENV": tmp_path / ".venv",
        "PYTHON": tmp_path / ".venv" / "bin" / "python",
    }.items():
        monkeypatch.setattr(module, name, path)
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "pyproject.toml").write_text("")
    return module


def one_line(error) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_a_wrong_python_says_so_in_one_line():
    pretend = (
        "import sys; sys.version_info = (3, 9, 2, 'final', 0); "
        f"exec(open({str(ROOT / 'make.py')!r}).read())"
    )
    run = subprocess.run(
        [sys.executable, "-c", pretend], capture_output=True, text=True
    )
    assert run.returncode == 1 and run.stdout == ""
    (line,) = run.stderr.splitlines()
    assert "3.11, 3.12 or 3.13 is needed" in line and "is 3.9" in line


def test_a_disk_too_full_for_the_environment_says_so_in_one_line(make, monkeypatch):
    usage = make.shutil.disk_usage("/")._replace(free=10**9)
    monkeypatch.setattr(make.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SystemExit) as error:
        make.environment()
    assert "needs 5 GB of disk" in one_line(error) and "1.0 GB left" in one_line(error)


def test_a_disk_that_fills_up_says_so_in_one_line(make, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(make.COMMANDS, "book", full)
    monkeypatch.setattr(make.os, "chdir", lambda path: None)
    with pytest.raises(SystemExit) as error:
        make.main("book")
    assert "disk" in one_line(error) and "full" in one_line(error)


def test_a_failing_step_shows_its_end_and_names_itself(make, capsys):
    fails = [sys.executable, "-c", "print('the cause'); raise SystemExit(3)"]
    with pytest.raises(SystemExit) as error:
        make.run(fails, "building the book", quiet="book.log")
    assert one_line(error) == "Failed: building the book (exit status 3)."
    assert "the cause" in capsys.readouterr().out


def test_an_unknown_command_lists_the_known(make):
    with pytest.raises(SystemExit) as error:
        make.main("bok")
    assert "no command 'bok'" in one_line(error) and "book" in one_line(error)


def test_a_step_is_skipped_only_when_nothing_changed(make, tmp_path):
    page = tmp_path / "book" / "index.md"
    page.parent.mkdir()
    page.write_text("one")
    assert not make.unchanged("book", ["book"])
    make.remember("book", ["book"])
    assert make.unchanged("book", ["book"])
    assert not make.unchanged("book", ["book"], "a fork")
    page.write_text("two")
    assert not make.unchanged("book", ["book"])
    page.write_text("one")
    assert make.unchanged("book", ["book"])
    (page.parent / "new.md").write_text("")
    assert not make.unchanged("book", ["book"])
