"""Submissions as folders and archives: whose, for which notebook, and nothing else."""

import io
import json
import os
import stat
import struct
import zipfile

import pytest

from utils.grading import archive
from utils.grading.handed_in import find, match

REFERENCES = {
    "06_attention": {"scale", "mask"},
    "10_transformer": {"block", "shift"},
}


def notebook(*names):
    cells = [
        {
            "cell_type": "code",
            "id": f"c{index}",
            "source": "1",
            "metadata": {"grade": {"id": name, "role": "answer"}},
        }
        for index, name in enumerate(names)
    ]
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5})


ATTENTION, TRANSFORMER = notebook("scale", "mask"), notebook("block")


def packed(path, members):
    """A zip of (name or ZipInfo, content)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def info(name, mode=0, date=(2026, 11, 1, 12, 0, 0)):
    made = zipfile.ZipInfo(name, date)
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = mode << 16
    return made


def names(found):
    return sorted((s.student, s.notebook) for s in found)


@pytest.fixture
def hand_in(tmp_path):
    """Members -> what is found in a class's zip of them, and what is refused."""

    def done(*members, references=REFERENCES):
        into = tmp_path / "into"
        into.mkdir(exist_ok=True)
        path = packed(tmp_path / "class.zip", members)
        found, refused = find([path], references, into)
        for submission in found:
            assert submission.path.parent == into
            assert stat.S_ISREG(submission.path.lstat().st_mode)
        everything = {path.relative_to(tmp_path) for path in tmp_path.rglob("*")}
        assert {path.parts[0] for path in everything} == {"class.zip", "into"}
        return found, refused

    return done


def test_folders(tmp_path):
    for path in ("a.ipynb", "b/x.ipynb", "c/1.ipynb", "c/2.ipynb", ".git/z.ipynb"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("")
    (tmp_path / "b" / "notes.txt").write_text("")
    found, refused = find([tmp_path])
    assert [s.student for s in found] == ["a", "b", "c/1", "c/2"]
    assert [(r.name[-9:], r.why) for r in refused] == [("notes.txt", "not .ipynb")]
    with pytest.raises(FileNotFoundError, match="no submission at"):
        find([tmp_path / "none"])


def test_two_of_one_name(tmp_path):
    for path in ("one/ada/x.ipynb", "two/ada/x.ipynb"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(ATTENTION)
    found, _ = find([tmp_path], REFERENCES)
    assert names(found) == [
        ("one/ada", "06_attention"),
        ("two/ada", "06_attention"),
    ]
    both, _ = find([tmp_path / "one", tmp_path / "two"], REFERENCES)
    assert len({s.student for s in both}) == 2


def test_several_notebooks_of_one_student(tmp_path):
    folder = tmp_path / "ada"
    folder.mkdir()
    for name, content in [
        ("06_attention.ipynb", ATTENTION),
        ("10_transformer.ipynb", TRANSFORMER),
        ("holiday.ipynb", notebook()),
    ]:
        (folder / name).write_text(content)
    found, _ = find([tmp_path], REFERENCES)
    assert names([s for s in found if s.notebook]) == [
        ("ada", "06_attention"),
        ("ada", "10_transformer"),
    ]
    assert [s.student for s in found if s.notebook is None] == ["ada"]


def test_a_folder_of_notebooks_named_like_references_is_one_students(tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "06_attention.ipynb").write_text(ATTENTION)
    (tmp_path / "ada" / "10_transformer.ipynb").write_text(TRANSFORMER)
    found, _ = find([tmp_path / "ada"], REFERENCES)
    assert names(found) == [("ada", "06_attention"), ("ada", "10_transformer")]
    # What a system hides there, and how a platform names it, changes nothing.
    (tmp_path / "ada" / "._06_attention.ipynb").write_text("")
    moodle = (tmp_path / "ada").rename(tmp_path / "Ada_12_assignsubmission_file_")
    found, _ = find([moodle], REFERENCES)
    assert names(found) == [("Ada", "06_attention"), ("Ada", "10_transformer")]
    moodle.rename(tmp_path / "ada")
    # Beside a file that is named after somebody it is a class's, as before.
    (tmp_path / "ada" / "grace.ipynb").write_text(ATTENTION)
    found, _ = find([tmp_path / "ada"], REFERENCES)
    assert {s.student for s in found} == {"06_attention", "10_transformer", "grace"}


def test_newest_attempt(tmp_path):
    folder = tmp_path / "ada"
    folder.mkdir()
    for name, when in [("06_attention.ipynb", 2000), ("06_attention (1).ipynb", 1000)]:
        (folder / name).write_text(ATTENTION)
        os.utime(folder / name, (when, when))
    (submission,), older = find([tmp_path], REFERENCES)
    assert submission.path.name == "06_attention.ipynb"
    assert (submission.submitted, submission.note) == (2000, "the newest of 2 attempts")
    assert len(older) == 1 and "an attempt before" in older[0].why


def test_a_file_that_answers_nothing_does_not_replace_one_that_does(tmp_path):
    (tmp_path / "ada").mkdir()
    for name, content, when in [("a", ATTENTION, 1000), ("notes", notebook(), 2000)]:
        (tmp_path / "ada" / f"{name}.ipynb").write_text(content)
        os.utime(tmp_path / "ada" / f"{name}.ipynb", (when, when))
    only = {"06_attention": REFERENCES["06_attention"]}
    (submission,), _ = find([tmp_path], only)
    assert submission.path.name == "a.ipynb"


def test_moodle(hand_in):
    found, refused = hand_in(
        ("Zoë Müller_77_assignsubmission_file_/06_attention.ipynb", ATTENTION),
        ("Zoë Müller_78_assignsubmission_file_/whatever.ipynb", ATTENTION),
        ("Ada_Lovelace_9_assignsubmission_file_06_attention.ipynb", ATTENTION),
        ("Ada_Lovelace_9_assignsubmission_onlinetext_/onlinetext.html", "<p>"),
    )
    assert names(found) == [
        ("Ada_Lovelace", "06_attention"),
        ("Zoë Müller (77)", "06_attention"),
        ("Zoë Müller (78)", "06_attention"),
    ]
    assert [r.why for r in refused] == ["not .ipynb"]


def test_canvas(hand_in):
    found, older = hand_in(
        ("lovelaceada_12_100_06_attention.ipynb", ATTENTION),
        ("lovelaceada_12_101_06_attention-1.ipynb", ATTENTION.replace('"1"', '"2"')),
        ("hopper_LATE_13_102_10_transformer-2.ipynb", TRANSFORMER),
        ("hopper_LATE_13_103_06_attention.ipynb", ATTENTION),
    )
    assert names(found) == [
        ("hopper", "06_attention"),
        ("hopper", "10_transformer"),
        ("lovelaceada", "06_attention"),
    ]
    assert {s.student for s in found if s.late} == {"hopper"}
    ada = next(s for s in found if s.student == "lovelaceada")
    assert '"2"' in ada.path.read_text()
    assert [r.name.rsplit("/")[-1] for r in older] == [
        "lovelaceada_12_100_06_attention.ipynb"
    ]


def test_time_of_the_platform_not_of_the_student(hand_in, tmp_path):
    inner = io.BytesIO()
    packed(inner, [(info("06_attention.ipynb", date=(1999, 1, 1, 0, 0, 0)), ATTENTION)])
    (submission,), _ = hand_in((info("ada/work.zip"), inner.getvalue()))
    assert submission.student == "ada" and submission.notebook == "06_attention"
    assert submission.submitted == submission.path.stat().st_mtime > 1.7e9


def test_nobody_hands_in_for_another(hand_in, tmp_path):
    inner = io.BytesIO()
    packed(
        inner,
        [
            ("Bob_1_assignsubmission_file_/06_attention.ipynb", ATTENTION),
            ("bob_1_2_06_attention.ipynb", ATTENTION),
        ],
    )
    found, _ = hand_in(
        ("Eve_6_assignsubmission_file_/x.zip", inner.getvalue()),
        (
            "Eve_6_assignsubmission_file_/Bob_1_assignsubmission_file_/10_transformer"
            ".ipynb",
            TRANSFORMER,
        ),
    )
    assert {s.student for s in found} == {"Eve"}
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "eve.zip").write_bytes(inner.getvalue())
    found, _ = find([folder], REFERENCES)
    assert {s.student for s in found} == {"eve"}


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ("../../up.ipynb", "a path out of the archive"),
        ("ada/../../up.ipynb", "a path out of the archive"),
        ("ada\\..\\..\\up.ipynb", "a path out of the archive"),
        ("/etc/absolute.ipynb", "an absolute path"),
        ("\\\\server\\share\\x.ipynb", "an absolute path"),
        ("C:\\x.ipynb", "an absolute path"),
        ("c:x.ipynb", "an absolute path"),
        ("x" * 2000 + ".ipynb", "a path of more than"),
        (info("link.ipynb", stat.S_IFLNK | 0o777), "a symbolic link"),
        (info("fifo.ipynb", stat.S_IFIFO | 0o600), "not a regular file"),
        (info("device.ipynb", stat.S_IFBLK | 0o600), "not a regular file"),
        ("virus.exe", "not .ipynb"),
    ],
)
def test_refused_by_its_name(hand_in, member, why):
    found, refused = hand_in((member, "/etc/passwd"), ("ada/x.ipynb", ATTENTION))
    assert names(found) == [("ada", "06_attention")]
    assert len(refused) == 1 and refused[0].why.startswith(why)


def test_same_names(hand_in):
    found, refused = hand_in(
        ("ada/x.ipynb", ATTENTION),
        ("ADA/X.ipynb", ATTENTION),
        ("ada/./x.ipynb", ATTENTION),
        ("zoe\u0308/x.ipynb", ATTENTION),
        ("zo\u00eb/x.ipynb", ATTENTION),
    )
    assert len(found) == 2
    assert {r.why[:21] for r in refused} == {"the name of another f"}
    assert len(refused) == 3


def test_systems_own_files(hand_in):
    found, refused = hand_in(
        ("__MACOSX/ada/._x.ipynb", "x"),
        ("ada/.ipynb_checkpoints/x.ipynb", ATTENTION),
        ("ada/", ""),
    )
    assert found == refused == []


def test_utf8_that_is_not_declared(tmp_path, hand_in):
    data = packed(io.BytesIO(), [("Zoë/x.ipynb", ATTENTION)]).getvalue()
    (tmp_path / "class.zip").write_bytes(data)
    plain = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(signature) + offset + 1] &= ~0x08
    (tmp_path / "class.zip").write_bytes(plain)
    with zipfile.ZipFile(tmp_path / "class.zip") as file:
        assert file.namelist() != ["Zoë/x.ipynb"]
    (submission,), _ = find([tmp_path / "class.zip"], REFERENCES)
    assert submission.student == "Zoë"


def test_nul_in_a_name(tmp_path):
    data = packed(io.BytesIO(), [("ada_x.ipynb", ATTENTION)]).getvalue()
    path = tmp_path / "class.zip"
    path.write_bytes(data.replace(b"ada_x.ipynb", b"a.ipynb\0.sh"))
    found, refused = find([path], REFERENCES)
    assert found == [] and "NUL" in refused[0].why


def test_encrypted(tmp_path):
    data = bytearray(packed(io.BytesIO(), [("a.ipynb", ATTENTION)]).getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    (tmp_path / "class.zip").write_bytes(data)
    found, refused = find([tmp_path / "class.zip"], REFERENCES)
    assert found == [] and [r.why for r in refused] == ["encrypted"]


def test_other_compression(tmp_path):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a.ipynb", ATTENTION)
    found, refused = find([path], REFERENCES)
    assert found == [] and "another method" in refused[0].why


def test_bombs(hand_in, monkeypatch):
    found, refused = hand_in(
        ("ratio.ipynb", b" " * 9_000_000),
        ("large.ipynb", os.urandom(10_000_001)),
        ("ada.ipynb", ATTENTION),
    )
    assert names(found) == [("ada", "06_attention")]
    assert [r.why for r in refused] == [
        "compressed by more than 200 to one",
        "larger than 10 MB",
    ]


def test_a_size_that_lies(tmp_path):
    """The archive says 10 bytes and holds a thousand times as many."""
    bomb = packed(io.BytesIO(), [("a.ipynb", os.urandom(5000).hex())]).getvalue()
    data = bytearray(bomb)
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + offset, 10)
    (tmp_path / "class.zip").write_bytes(data)
    found, refused = find([tmp_path / "class.zip"], REFERENCES)
    assert found == [] and "cannot be read" in refused[0].why


def test_total_and_count(tmp_path, monkeypatch):
    into = tmp_path / "into"
    into.mkdir()
    members = [(f"s{n}/x.ipynb", os.urandom(1000)) for n in range(10)]
    path = packed(tmp_path / "class.zip", members)
    few = archive.Bounds(members=100, total=3500, depth=0, size=10**9)
    found, refused = archive.unpack(path, into, "class", few)
    assert len(found) == 3 and len(refused) == 7
    assert sum(p.stat().st_size for p in into.iterdir()) <= 3500
    none = archive.Bounds(members=9, total=10**9, depth=0, size=10**9)
    assert archive.unpack(path, into, "class", none)[0] == []
    tiny = archive.Bounds(members=100, total=10**9, depth=0, size=100)
    assert archive.unpack(path, into, "class", tiny)[0] == []


def test_archives_in_archives(hand_in):
    def wrap(data, name):
        return packed(io.BytesIO(), [(name, data)]).getvalue()

    deep = wrap(wrap(wrap(ATTENTION, "x.ipynb"), "two.zip"), "one.zip")
    found, refused = hand_in(
        ("ada/work.zip", wrap(ATTENTION, "x.ipynb")), ("eve/deep.zip", deep)
    )
    assert names(found) == [("ada", "06_attention")]
    assert len(refused) == 1 and "archive in an archive" in refused[0].why


def test_a_zip_that_holds_itself_many_times(tmp_path):
    """Members that share one compressed body cost no more than they are allowed."""
    body = packed(io.BytesIO(), [("a.ipynb", b"[" + b"1," * 400_000)]).getvalue()
    start, end = body.index(b"PK\x01\x02"), body.index(b"PK\x05\x06")
    entry, tail = body[start:end], bytearray(body[end:])
    count = 1500
    struct.pack_into("<HHI", tail, 8, count, count, len(entry) * count)
    (tmp_path / "eve.zip").write_bytes(body[:start] + entry * count + tail)
    into = tmp_path / "into"
    into.mkdir()
    found, refused = find([tmp_path], REFERENCES, into)
    assert sum(p.stat().st_size for p in into.iterdir()) <= archive.STUDENT.total


@pytest.mark.parametrize("cut", [0, 1, 30, 60, 200, -1, -10])
def test_damaged(tmp_path, cut):
    data = packed(io.BytesIO(), [("ada/x.ipynb", ATTENTION * 5)]).getvalue()
    (tmp_path / "class.zip").write_bytes(data[:cut])
    (tmp_path / "ada.ipynb").write_text(ATTENTION)
    found, refused = find([tmp_path / "class.zip", tmp_path / "ada.ipynb"], REFERENCES)
    assert [s.student for s in found] == ["ada"]
    assert len(refused) == 1 and len(refused[0].why) < 300


def test_flipped_bytes(tmp_path):
    data = packed(io.BytesIO(), [("ada/x.ipynb", ATTENTION)]).getvalue()
    path = tmp_path / "class.zip"
    for index in range(0, len(data)):
        path.write_bytes(data[:index] + bytes([data[index] ^ 0xFF]) + data[index + 1 :])
        find([path], REFERENCES, tmp_path)


def test_links(tmp_path):
    (tmp_path / "secret").mkdir()
    packed(tmp_path / "secret" / "real.zip", [("x.ipynb", ATTENTION)])
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "eve.zip").symlink_to(tmp_path / "secret" / "real.zip")
    (folder / "eve").symlink_to(tmp_path / "secret", target_is_directory=True)
    found, _ = find([folder], REFERENCES)
    assert found == []


def test_long_names(hand_in):
    found, _ = hand_in(
        ("a" * 400 + "1/x.ipynb", ATTENTION), ("a" * 400 + "2/x.ipynb", ATTENTION)
    )
    assert len({s.student for s in found}) == 2
    assert all(len(s.student) <= 200 for s in found)


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("06_attention.ipynb", ATTENTION, "06_attention"),
        ("06_Attention (2) - Copy.ipynb", "no JSON", "06_attention"),
        ("ada_06_attention_final.ipynb", "no JSON", "06_attention"),
        ("106_attention.ipynb", "no JSON", None),
        ("homework.ipynb", TRANSFORMER, "10_transformer"),
        ("06_attention.ipynb", TRANSFORMER, "10_transformer"),
        ("06_attention.ipynb", notebook("mask", "block", "shift"), "06_attention"),
        ("homework.ipynb", notebook("mask", "block"), None),
        ("homework.ipynb", notebook(["mask"], {"block": 1}, None, 3), None),
        ("homework.ipynb", "[" * 100_000, None),
    ],
)
def test_match(tmp_path, file, content, expected):
    (tmp_path / file).write_text(content)
    assert match(tmp_path / file, REFERENCES) == expected
