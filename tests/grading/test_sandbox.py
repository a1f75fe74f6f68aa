"""The isolation itself: what is refused inside, and what is refused where it lacks."""

import json
import shutil
import subprocess
import sys

import pytest
from test_grade import RIGHT, reference
from test_regrade import hand_in, rows_of

from utils.grading import sandbox
from utils.grading.__main__ import main
from utils.notebooks.files import ROOT

__all__ = ["reference"]  # the fixture of the class in test_grade

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

TRIES = """
import json, os, socket, subprocess, sys
from pathlib import Path
from utils.grading import sandbox
folder = Path(sys.argv[1])
os.chdir(folder)
sandbox.confine(folder, sys.argv[2], 10**9, 60)
tries = {
    "own file": lambda: Path("mine").write_text("x"),
    "package": lambda: (sandbox.PACKAGE / "__init__.py").read_text(),
    "import": lambda: __import__("xml.dom.minidom"),
    "pair": socket.socketpair,
    "null": lambda: open("/dev/null", "w").write("x"),
    "solutions": lambda: os.listdir(sandbox.PACKAGE.parent / "solutions"),
    "shadow": lambda: open("/etc/shadow").read(),
    "parent": lambda: open(f"/proc/{os.getppid()}/environ").read(),
    "signal": lambda: os.kill(os.getppid(), 0),
    "elsewhere": lambda: (folder.parent / "yours").write_text("x"),
    "tcp": socket.socket,
    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "unix": lambda: socket.socket(socket.AF_UNIX),
    "memory": lambda: bytearray(3 * 10**9),
    "device": lambda: os.mknod("device", 0o020666, os.makedev(1, 1)),
}
found = {}
for name, attempt in tries.items():
    try:
        attempt()
        found[name] = True
    except (OSError, MemoryError):
        found[name] = False
status = Path("/proc/self/status").read_text()
found["capabilities"] = int(status.split("CapEff:")[1].split()[0], 16)
print(json.dumps(found))
"""
ALLOWED = ("own file", "package", "import", "pair", "null")


@linux
@pytest.mark.skipif(not sandbox.landlock_version(), reason="no Landlock here")
def test_landlock_leaves_the_package_and_the_own_folder(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    command = [sys.executable, "-c", TRIES, str(folder), "landlock"]
    out = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    found = json.loads(out.stdout)
    assert found.pop("capabilities") == 0
    if sandbox.landlock_version() < 6:
        found.pop("signal")  # scopes came with version 6
    allowed = {name for name, worked in found.items() if worked}
    assert allowed == set(ALLOWED), out.stderr


@linux
def test_bounds_hold_where_there_is_no_isolation(tmp_path):
    command = [sys.executable, "-c", TRIES, str(tmp_path), "limits"]
    out = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    found = json.loads(out.stdout)
    assert not found["memory"] and found["solutions"] and found["tcp"]


@pytest.mark.parametrize("works, level", [(LEVEL, LEVEL) for LEVEL in sandbox.LEVELS])
def test_the_strongest_that_works_is_taken(monkeypatch, works, level):
    order = sandbox.LEVELS.index(works)
    able = sandbox.LEVELS[order:]
    monkeypatch.setattr(sandbox, "_works", lambda own: own.level in able)
    monkeypatch.setattr(sandbox, "landlock_version", lambda: 7)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/bwrap")
    assert sandbox.probe().level == level


def test_as_root_another_user_is_taken_if_python_can_be_read(monkeypatch):
    monkeypatch.setattr(sandbox, "is_root", lambda: True)
    monkeypatch.setattr(sandbox, "_works", lambda own: own.level == "limits")
    own = sandbox.probe()
    assert own.user == sandbox.FIRST_USER
    assert own.for_slot(2).user == sandbox.FIRST_USER + 2
    assert f"user {sandbox.FIRST_USER}" in str(own)


def test_less_than_required_grades_nobody(reference, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sandbox, "_works", lambda own: own.level == "limits")
    handed_in = hand_in(tmp_path / "in", reference, ann=RIGHT)
    arguments = ["grade", str(reference), str(handed_in), "--out", str(tmp_path / "o")]
    assert main([*arguments, "--require-sandbox", "landlock"]) == 1
    assert "cannot give the isolation asked for (landlock)" in capsys.readouterr().err
    assert not (tmp_path / "o" / "grades.csv").exists()


def test_every_row_says_what_it_ran_in(reference, tmp_path, capsys):
    handed_in = hand_in(tmp_path / "in", reference, ann=RIGHT)
    arguments = ["grade", str(reference), str(handed_in), "--out", str(tmp_path / "o")]
    assert main(arguments) == 0
    told = capsys.readouterr().out.split("isolation: ")[1].split("\n")[0]
    assert {row.sandbox for row in rows_of(tmp_path / "o").values()} == {told}
