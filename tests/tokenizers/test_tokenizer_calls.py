"""Calling a tokenizer gives what transformers gives: batches, pairs, files, errors."""

import itertools
import json
import pickle

import pytest
import torch
import transformers

from utils.tokenizers import (
    BPE,
    ByteLevelBPE,
    Frame,
    SpecialTokens,
    UnknownToken,
    Vocabulary,
    WordPiece,
    base,
)
from utils.tokenizers.base import Tokenizer

FIRST = ["One text.", "A rather longer text, which must be cut.", "", "Three words now"]
SECOND = ["Its second.", "Short.", "The first one is empty.", "b " * 11]
OPTIONS = [
    {},
    {"add_special_tokens": False},
    {"padding": True},
    {"padding": "longest", "padding_side": "left"},
    {"padding": "max_length", "max_length": 30},
    {"padding": "max_length", "max_length": 5},
    {"truncation": True, "max_length": 9},
    {"truncation": True, "max_length": 4, "padding": True},
    {"truncation": "only_first", "max_length": 30, "padding": "max_length"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("name", ["bert", "small"])
def test_equals_transformers(name, paired, options, request):
    ours = request.getfixturevalue(name)
    theirs = request.getfixturevalue(f"their_{name}")
    if name == "small":
        ours = ByteLevelBPE(
            ours.vocabulary, ours.merges, SpecialTokens(pad="<|endoftext|>")
        )
        theirs.pad_token = "<|endoftext|>"
    pair = [SECOND] if paired else []
    expected = theirs(FIRST, *pair, **options)
    got = ours(FIRST, *pair, **options)
    assert got == dict(expected) and list(got) == list(expected)
    for i, text in enumerate(FIRST):
        single = [row[i] for row in pair]
        assert ours(text, *single, **options) == dict(theirs(text, *single, **options))


@pytest.mark.parametrize("truncation", [True, "only_first", "only_second"])
def test_truncated_pairs(bert, their_bert, truncation):
    """Odd and even rooms, either text the longer, down to nothing left of one.

    Where a text would have to lose more than it has, or all of it, transformers raises
    Exception. Two differences are left out: it takes an empty second text for none, and
    where there is room for nothing it empties both texts whatever the strategy.
    """
    lengths = range(3 if truncation is True else 4, 13)
    for first, second, length in itertools.product(range(8), range(1, 8), lengths):
        texts = "a " * first, "b " * second
        options = {"truncation": truncation, "max_length": length}
        try:
            expected = dict(their_bert(*texts, **options))
        except Exception as error:
            assert "too short" in str(error)
            cut = second if truncation == "only_second" else first
            if first + second + 3 - length > cut:
                with pytest.raises(ValueError, match="can't keep max_length"):
                    bert(*texts, **options)
            continue
        assert bert(*texts, **options) == expected
    with pytest.raises(ValueError, match="there is no second text"):
        bert("a b c", truncation="only_second", max_length=4)


def naive_halves(first, second, room, strategy):
    del first[(room + 1) // 2 if second else room :]
    if second:
        del second[room // 2 :]


def only_first(first, second, room, strategy):
    del first[max(0, room - len(second or [])) :]


def typed(types):
    def framed(self, first, second, frame):
        ids, _ = FRAMED(self, first, second, frame)
        return ids, types(first, second, ids)

    return framed


def second_separator(first, second, ids):
    before = len(ids) if second is None else len(first) + 1
    return [0] * before + [1] * (len(ids) - before)


FRAMED = Tokenizer._framed
COLLECT = Tokenizer._collect
WRONG = {
    "half for each": (base, "_truncate", naive_halves),
    "cut from the first only": (base, "_truncate", only_first),
    "one type": (Tokenizer, "_framed", typed(lambda a, b, ids: [0] * len(ids))),
    "[SEP] between is of type 1": (Tokenizer, "_framed", typed(second_separator)),
    "the second text first": (
        Tokenizer,
        "_framed",
        lambda self, a, b, f: FRAMED(self, b, a, f) if b else FRAMED(self, a, b, f),
    ),
    "padded on the other side": (
        Tokenizer,
        "_collect",
        lambda self, rows, n, side, *rest: COLLECT(
            self, rows, n, "right" if side == "left" else "left", *rest
        ),
    ),
    "attention to padding": (
        Tokenizer,
        "_collect",
        lambda self, rows, n, *rest: (
            (found := COLLECT(self, rows, n, *rest))
            | {"attention_mask": [[1] * len(row) for row in found["input_ids"]]}
        ),
    ),
    "padding is of type 1": (
        Tokenizer,
        "_collect",
        lambda self, rows, n, *rest: COLLECT(
            self, [(a, b + [1] * (len(a) < n)) for a, b in rows], n, *rest
        ),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls_are_caught(name, bert, their_bert, monkeypatch):
    monkeypatch.setattr(*WRONG[name])
    got = [bert(FIRST, SECOND, **options) for options in OPTIONS]
    assert got != [dict(their_bert(FIRST, SECOND, **options)) for options in OPTIONS]


def test_tensors(bert, their_bert):
    got = bert(FIRST, SECOND, padding=True, return_tensors="pt")
    expected = their_bert(FIRST, SECOND, padding=True, return_tensors="pt")
    assert got.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(got[name], tensor) and got[name].dtype == tensor.dtype
    assert bert("one", return_tensors="pt")["input_ids"].shape == (1, 3)
    with pytest.raises(ValueError, match="rows of 2 to 12 tokens .* padding=True"):
        bert(FIRST, return_tensors="pt")


@pytest.mark.parametrize("name", ["bert", "small"])
def test_decoding(name, request, samples):
    ours = request.getfixturevalue(name)
    theirs = request.getfixturevalue(f"their_{name}")
    rows = [theirs(text)["input_ids"] for text in samples]
    rows.append(list(range(len(ours)))[::7])
    for skip in (False, True):
        expected = [theirs.decode(row, skip_special_tokens=skip) for row in rows]
        assert ours.batch_decode(rows, skip) == expected
    assert ours.decode(torch.tensor(rows[0])) == theirs.decode(rows[0])


def test_ids_of_special_tokens(bert, their_bert):
    for role in ("unk", "pad", "cls", "sep", "mask"):
        name = f"{role}_token_id"
        assert getattr(bert, name) == getattr(their_bert, name) is not None
    assert bert.bos_token_id is None
    assert sorted(bert.all_special_ids) == sorted(their_bert.all_special_ids)
    assert len(bert) == 30_522


def test_a_frame_of_ones_own(small, tmp_path):
    """RoBERTa's: <s> A </s>, and <s> A </s></s> B </s>."""
    special = SpecialTokens(bos="<s>", eos="</s>", additional=("<to-fr>", "<s>2"))
    tokens = [*small.vocabulary.tokens[:-1], *special]
    frame = Frame(("<s>",), ("</s>", "</s>"), ("</s>",))
    ours = ByteLevelBPE(Vocabulary(tokens), small.merges, special, frame)
    ids = ours("a<to-fr>b", "c")["input_ids"]
    assert ours.decode(ids) == "<s>a<to-fr>b</s></s>c</s>"
    assert ours.decode(ids, skip_special_tokens=True) == "abc"
    assert ours.tokenize("a<s>2<s>") == ["a", "<s>2", "<s>"]  # the longer one first
    ours.save(tmp_path)
    again = ByteLevelBPE.load(tmp_path)
    assert again("a<to-fr>b", "c")["input_ids"] == ids
    assert again.special == special


@pytest.fixture(scope="module")
def trained(corpus, small):
    return {
        "small": small,
        "bpe": BPE.train(corpus, 600),
        "wordpiece": WordPiece.train(corpus, 1200),
        "cased": WordPiece.train(corpus, 1200, lowercase=False, split_chinese=False),
    }


@pytest.mark.parametrize("name", ["small", "bpe", "wordpiece", "cased"])
def test_saved_and_loaded(name, trained, tmp_path, samples):
    ours = trained[name]
    ours.save(tmp_path)
    again = type(ours).load(tmp_path)
    assert again.vocabulary.tokens == ours.vocabulary.tokens
    assert again.special == ours.special and again.frame == ours.frame
    for text in samples:
        assert again(text) == ours(text)
    assert pickle.loads(pickle.dumps(ours))(samples) == ours(samples)


@pytest.mark.parametrize("name", ["small", "wordpiece", "cased"])
def test_transformers_reads_what_we_save(name, trained, tmp_path, samples):
    ours = trained[name]
    ours.save(tmp_path)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert len(theirs) == len(ours)
    for text in samples:
        assert ours.encode(text) == theirs.encode(text), text


def test_we_read_what_transformers_saves(bert_file, tmp_path, samples):
    """The package's own folder, and a cased one."""
    theirs = transformers.BertTokenizer(vocab=str(bert_file), do_lower_case=False)
    theirs.save_pretrained(tmp_path)
    (tmp_path / "vocab.txt").write_bytes(bert_file.read_bytes())
    for folder in (bert_file.parent, tmp_path):
        ours = WordPiece.load(folder)
        theirs = transformers.BertTokenizer.from_pretrained(folder)
        assert len(theirs) == 30_522
        for text in samples:
            assert ours.tokenize(text) == theirs.tokenize(text)


def test_bad_options(bert, small):
    for options, message in [
        ({"padding": "left"}, "padding must be one of .*'longest'.* was 'left'"),
        ({"truncation": "first"}, "truncation must be one of .*'only_first'"),
        ({"padding_side": "up"}, "padding_side must be one of 'right', 'left'"),
        ({"return_tensors": "np"}, "return_tensors must be one of None, 'pt'"),
        ({"truncation": True}, "need max_length"),
        ({"padding": "max_length"}, "need max_length"),
        ({"max_length": 4}, "max_length needs truncation"),
        ({"truncation": True, "max_length": 1}, "can't keep max_length"),
        ({"text_pair": ["a"]}, "must be two texts or two batches"),
    ]:
        with pytest.raises(ValueError, match=message):
            bert("some text", **options)
    with pytest.raises(ValueError, match="2 texts, but 1 second texts"):
        bert(["a", "b"], ["c"])
    options = {"truncation": "only_second", "max_length": 6}
    with pytest.raises(ValueError, match="'only_second' can't keep max_length: 1 tok"):
        bert("a long first text", "b", **options)
    with pytest.raises(ValueError, match="no pad token"):
        small(["a", "b c"], padding=True)
    with pytest.raises(TypeError, match="must be a str, was int"):
        bert([3])
    with pytest.raises(ValueError, match="id 30522 is outside the vocabulary of 30522"):
        bert.decode([30_522])
    with pytest.raises(ValueError, match="id -1 is outside"):
        small.decode([-1])


def test_unknown_tokens_without_a_token_for_them():
    words = WordPiece(Vocabulary(["a", "##b"]), SpecialTokens())
    assert words.tokenize("ab A") == ["a", "##b", "a"]
    with pytest.raises(UnknownToken, match=r"'abc' can't be spelled.*unk="):
        words.tokenize("ab abc")
    pairs = BPE(Vocabulary(["a", "b</w>"]), [], SpecialTokens())
    assert pairs.tokenize("ab") == ["a", "b</w>"]
    with pytest.raises(UnknownToken, match=r"'c' isn't in the vocabulary.*unk="):
        pairs.tokenize("acb")
    known = BPE(Vocabulary(["<unk>", "a", "b</w>"]), [], SpecialTokens(unk="<unk>"))
    assert known.tokenize("acb") == ["a", "<unk>", "b</w>"]


def test_bad_vocabularies():
    with pytest.raises(ValueError, match="'b' stands twice"):
        Vocabulary(["a", "b", "b"])
    with pytest.raises(ValueError, match="token 1 is empty"):
        Vocabulary(["a", ""])
    with pytest.raises(ValueError, match="ids of 2 tokens aren't 0 … 1"):
        Vocabulary.from_ids({"a": 0, "b": 2})
    with pytest.raises(ValueError, match=r"of 1 lacks '\[PAD\]', '\[UNK\]'"):
        WordPiece(Vocabulary(["a"]))
    with pytest.raises(ValueError, match="'<s>'.* aren't special tokens"):
        BPE(Vocabulary(["<s>"]), [], SpecialTokens(), Frame(("<s>",)))


@pytest.fixture
def folder(small, tmp_path):
    small.save(tmp_path)
    return tmp_path


def rewrite(path, change):
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


DAMAGE = {
    "a merge cut in two": ("merges.txt", lambda s: s[:40].rsplit(" ", 1)[0], "line"),
    "merges missing": (
        "merges.txt",
        lambda s: "".join(s.splitlines(keepends=True)[:-9]),
        "9 tokens of the vocabulary, such as .* nor does a merge make them",
    ),
    "merges in another order": (
        "merges.txt",
        lambda s: "\n".join(s.splitlines()[::-1]) + "\n",
        "don't fit each other: merge .*no earlier merge makes",
    ),
    "a merge twice": (
        "merges.txt",
        lambda s: s + s.splitlines()[-1] + "\n",
        "an earlier merge makes",
    ),
    "merges of another vocabulary": (
        "merges.txt",
        lambda s: s + "Ġx yzzy\n",
        "the vocabulary lacks 'Ġxyzzy'",
    ),
    "half a vocabulary": (
        "vocab.json",
        lambda s: s[: len(s) // 2],
        "vocab.json is dam",
    ),
    "no vocabulary": ("vocab.json", lambda s: "[1, 2]", "must hold a JSON object"),
    "an id twice": (
        "vocab.json",
        lambda s: json.dumps(json.loads(s) | {"more": 5}),
        "ids of 1301 tokens",
    ),
    "a byte missing": (
        "vocab.json",
        lambda s: s.replace('"\u0100"', '"no"'),
        "lacks 1 of the 256 bytes",
    ),
    "a token more": (
        "vocab.json",
        lambda s: json.dumps(json.loads(s) | {"more": 1300}),
        "1 tokens of the vocabulary, such as 'more'",
    ),
    "half a configuration": ("tokenizer_config.json", lambda s: s[:20], "damaged"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damaged_files(what, folder):
    name, change, message = DAMAGE[what]
    rewrite(folder / name, change)
    with pytest.raises(ValueError, match=message):
        ByteLevelBPE.load(folder)


def test_files_missing_or_not_text(folder, bert_file, tmp_path):
    (folder / "merges.txt").unlink()
    with pytest.raises(FileNotFoundError, match="no merges.txt or vocab.bpe"):
        ByteLevelBPE.load(folder)
    with pytest.raises(FileNotFoundError):
        WordPiece.load(tmp_path / "nothing.txt")
    file = tmp_path / "vocab.txt"
    file.write_bytes(bert_file.read_bytes() + b"\xff\xfe\n")
    with pytest.raises(ValueError, match=r"vocab.txt is damaged: 'utf-8'.* 0xff"):
        WordPiece.load(file)
    file.write_bytes(bert_file.read_bytes() + b"the\n")
    with pytest.raises(ValueError, match=r"vocab.txt: the token 'the' stands twice"):
        WordPiece.load(file)
    file.write_bytes(bert_file.read_bytes()[:900])
    with pytest.raises(ValueError, match=r"vocab.txt: the voc.* lacks '\[UNK\]'"):
        WordPiece.load(file)
