"""Each source gives the same examples; what isn't there is named with the way out."""

import gzip
import json
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import datasets
import pytest
from data.small_files import CASES, SENSE, Hub, squad_json

from utils.data import (
    dialogsum,
    glue,
    hub,
    lambada,
    multi30k,
    squad,
    textfooler,
    wikitext,
)
from utils.data.dataset import Dataset, DataUnavailable, text_bytes
from utils.data.examples import Answer, LabelledText, TaggedSentence

LOCAL = [name for name, case in CASES.items() if case.local]
ON_HUB = [name for name, case in CASES.items() if case.hub]
BY_FILE = ("tinyshakespeare", "multi30k", "lambada", "wnut17", "crows_pairs")
"""which `datasets` doesn't find again in its cache without a network"""


def upload(folder: Path, repository: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in the form of the repository, to which the loader is pointed."""
    for file, content in repository.files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            text = content.encode()
            packed = gzip.compress(text) if file.endswith(".gz") else text
            (folder / file).write_bytes(packed)
        else:
            rows = datasets.Dataset.from_dict(content, features=repository.features)
            rows.to_parquet(folder / file)
    if repository.config:
        card = ["---", "configs:", f"- config_name: {repository.config}"]
        card += ["  data_files:"]
        for file in repository.files:
            start = file.rsplit("-", 1)[0]
            card += [f"  - split: {Path(start).name}", f"    path: {start}-*"]
        (folder / "README.md").write_text("\n".join([*card, "---", ""]))
    address = f"{folder}{repository.suffix}"
    if repository.key:
        names = getattr(repository.module, repository.name)
        monkeypatch.setitem(names, repository.key, address)
    else:
        monkeypatch.setattr(repository.module, repository.name, address)


@pytest.mark.parametrize("name", LOCAL)
def test_local_files(name, write):
    case = CASES[name]
    write(case.local)
    data = case.load(source="local")
    assert tuple(data) == case.local_splits
    assert dict(data.splits) == {split: case.expected[split] for split in data}
    assert data.source.startswith("local (COURSE_DATA/")
    assert data.bytes > 0 and data.licence in str(data)


@pytest.mark.parametrize("name", ON_HUB)
def test_hub(name, tmp_path, monkeypatch, no_network):
    case = CASES[name]
    upload(tmp_path / "repository", case.hub, monkeypatch)
    data = case.load(source="hub")
    assert dict(data.splits) == case.expected
    assert data.source.startswith("hub (")


@pytest.mark.parametrize("name", ON_HUB)
def test_without_network(name, no_network):
    began = time.monotonic()
    with pytest.raises(DataUnavailable, match="no network") as raised:
        CASES[name].load(source="hub")
    assert time.monotonic() - began < hub.PATIENCE
    assert ("use source='local'" in str(raised.value)) == bool(CASES[name].local)
    assert ("HF_HUB_OFFLINE=1" in str(raised.value)) == (not name.startswith(BY_FILE))


def test_a_name_server_that_keeps_silent(monkeypatch, no_network):
    def late(*_, **__):
        time.sleep(4)
        raise OSError

    monkeypatch.setattr(hub, "PATIENCE", 0.2)
    monkeypatch.setattr("socket.getaddrinfo", late)
    began = time.monotonic()
    with pytest.raises(DataUnavailable, match="no network"):
        squad.load("hub")
    assert time.monotonic() - began < 2


class Reply(BaseHTTPRequestHandler):
    """Answers everything with one status."""

    status = 200

    def do_HEAD(self):
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("status", [200, 404, 503])
def test_any_answer_is_one(status, monkeypatch):
    monkeypatch.setattr(Reply, "status", status)
    with HTTPServer(("127.0.0.1", 0), Reply) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        assert hub.answers(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert not hub.answers(f"http://127.0.0.1:{server.server_port}")


def test_nobody_is_asked_when_offline(monkeypatch, no_network):
    def asked(host):
        raise AssertionError(f"{host} was asked")

    monkeypatch.setattr(hub, "answers", asked)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataUnavailable, match="nyu-mll/glue can't be had.*source='loc"):
        glue.load("sst2", "hub")


def test_another_form_on_the_hub(tmp_path, monkeypatch, no_network):
    """A repository that has changed: no such configuration."""
    upload(tmp_path / "repository", CASES["sst2"].hub, monkeypatch)
    with pytest.raises(DataUnavailable, match="can't be had from the hub .*'cola'"):
        glue.load("cola", "hub")


@pytest.mark.parametrize("name", LOCAL)
def test_damaged_file(name, write):
    """One bit in the middle of any file."""
    case = CASES[name]
    folder = write(case.local)
    for file in case.local:
        content = bytearray((folder / file).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / file).write_bytes(content)
        with pytest.raises(DataUnavailable, match=f"{file} is damaged") as raised:
            case.load(source="local")
        assert f"copy {file} into COURSE_DATA again" in str(raised.value)
        assert ("use source='hub'" in str(raised.value)) == bool(case.hub)
        write({file: case.local[file]})


@pytest.mark.parametrize("name", LOCAL)
def test_missing_file(name, write):
    case = CASES[name]
    folder = write(case.local)
    for file in case.local:
        (folder / file).rename(folder / "aside")
        with pytest.raises(DataUnavailable, match=f"{file} is missing: copy {file}"):
            case.load(source="local")
        (folder / "aside").rename(folder / file)


def test_missing_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(DataUnavailable, match=f"no folder {tmp_path}/squad"):
        squad.load()
    monkeypatch.delenv("COURSE_DATA")
    with pytest.raises(DataUnavailable, match="set COURSE_DATA to the folder"):
        squad.load()


@pytest.mark.parametrize("name", CASES)
def test_wrong_source(name):
    case = CASES[name]
    allowed = " or ".join(["local"] * bool(case.local) + ["hub"] * bool(case.hub))
    with pytest.raises(ValueError, match=f" comes from {allowed}, not 'embedded'"):
        case.load(source="embedded")


@pytest.mark.parametrize(
    "load, message",
    [
        (partial(glue.load, "sst"), "task must be cola or sst2 or .*, was 'sst'"),
        (partial(glue.load, "mnli"), "GLUE's mnli comes from hub, not 'local'"),
        (partial(textfooler.load, "amazon"), "task must be imdb or .*, was 'amazon'"),
        (partial(squad.load, version="2"), "version must be 1.1 or 2.0, was '2'"),
        (partial(squad.predictions, "v2.0"), "version must be 1.1 or 2.0, was 'v2.0'"),
        (partial(lambada.load, version="gpt"), "must be openai or original, was 'gpt'"),
        (partial(wikitext.load, version="1"), "version must be 2 or 103, was '1'"),
        (partial(wikitext.load, version="103"), "WikiText-103 comes from hub, not"),
        (
            partial(multi30k.load, languages=("en", "es")),
            "languages must be en or fr or de, was 'es'",
        ),
        (
            partial(multi30k.load, languages=("fr", "fr")),
            "two different ones, were .'fr', 'fr'.",
        ),
    ],
)
def test_wrong_argument(load, message):
    with pytest.raises(ValueError, match=message):
        load()


def test_unknown_split(write):
    write(CASES["squad 1.1"].local)
    with pytest.raises(KeyError, match="squad 1.1 has the splits validation"):
        squad.load()["train"]


def test_languages_either_way(write):
    write(CASES["multi30k"].local)
    there = multi30k.load()["test2016"]
    back = multi30k.load(languages=("fr", "en"))["test2016"]
    assert [(row.target, row.source) for row in there] == [
        (row.source, row.target) for row in back
    ]


def test_answers_without_a_start(write):
    question = CASES["squad 1.1"].expected["validation"][0]
    write({"squad/dev-v1.1.from-explorer.json.gz": squad_json([question], start=False)})
    assert squad.load()["validation"][0].answers == (Answer("at dawn", None),)


def test_a_passage_is_counted_once(write):
    write(CASES["squad 2.0"].local)
    data = squad.load(version="2.0")
    assert [question.impossible for question in data["validation"]] == [False, True]
    assert data.bytes == len(SENSE + "When?" + "What?" + "at dawn")


def test_predictions(write):
    scores = [
        {"version": "1.1", "model": "A", "file": "a.gz", "exact_match": 50, "f1": 60.5},
        {"version": "v2.0", "model": "B", "file": "b.gz", "exact_match": 70, "f1": 80},
    ]
    write(
        {
            "squad/expected_scores.json": json.dumps(scores),
            "squad/a.gz": '{"a1": "dawn"}',
            "squad/b.gz": '{"a2": ""}',
        }
    )
    assert squad.predictions("1.1") == [
        squad.Predictions("A", {"a1": "dawn"}, 50, 60.5)
    ]
    assert squad.predictions("2.0") == [squad.Predictions("B", {"a2": ""}, 70, 80)]


def test_baseline(write):
    write({"dialogsum/baseline_test_output.txt": "They meet.\nThey shout.\n"})
    assert dialogsum.baseline() == ["They meet.", "They shout."]


def test_tokens_of_a_line():
    assert wikitext.tokens("") == ["<eos>"]
    assert wikitext.tokens("= <unk> =") == ["=", "<unk>", "=", "<eos>"]


def test_tags_of_another_number():
    with pytest.raises(ValueError, match="2 tokens but 1 tags"):
        TaggedSentence(("a", "b"), ("O",))


def test_description():
    rows = {"train": [LabelledText("é", 1), LabelledText("ab", 0, "c")], "test": []}
    data = Dataset("reviews", rows, "embedded (ours)", "MIT", text_bytes(rows))
    assert data.bytes == 5
    assert str(data).startswith("reviews: 2 train, 0 test; 0.0 MB\nsource: embedded")
    assert str(data).endswith("licence: MIT")
