"""Our tokenizers and the Rust library's: how far behind, and linear in the length."""

from __future__ import annotations

import gzip
import os
import random
import statistics
import string
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import transformers
from contest import Contest, Growth, Race, seconds

from utils.pretrained import minilm
from utils.tokenizers import ByteLevelBPE, WordPiece
from utils.tokenizers.base import Tokenizer

SIZES = [2**n for n in range(14, 21)]  # characters
TINY_SIZES = [2**8, 2**10]


def data() -> Path:
    """Where the real text and GPT-2's own vocabulary are.

    Raises:
        SystemExit: nobody says where.
    """
    folder = os.environ.get("COURSE_DATA")
    if not folder:
        raise SystemExit("Set COURSE_DATA to a folder with wikitext2 and gpt2_bpe.")
    return Path(folder)


def text(tiny: bool) -> str:
    """English: a megabyte of Wikipedia, or the card of MiniLM's weights."""
    if tiny:
        return (minilm.folder() / "README.md").read_text(encoding="utf-8")
    content = gzip.decompress((data() / "wikitext2" / "test.txt.gz").read_bytes())
    return content.decode()


def wordpiece(tiny: bool) -> tuple[Tokenizer, Any]:
    """bert-base-uncased's, ours and theirs."""
    path = minilm.folder() / "vocab.txt"
    return WordPiece.load(path), transformers.BertTokenizer(vocab=str(path))


def bpe(tiny: bool) -> tuple[Tokenizer, Any]:
    """GPT-2's, ours and theirs; a tiny one trained here."""
    if not tiny:
        folder = data() / "gpt2_bpe"
        names = folder / "encoder.json", folder / "vocab.bpe"
        ours = ByteLevelBPE.load(folder)
        theirs = transformers.GPT2Tokenizer(vocab=str(names[0]), merges=str(names[1]))
        return ours, theirs
    ours = ByteLevelBPE.train([text(tiny)], 400)
    with tempfile.TemporaryDirectory() as name:
        ours.save(name)
        theirs = transformers.GPT2Tokenizer(
            vocab=f"{name}/vocab.json", merges=f"{name}/merges.txt"
        )
    return ours, theirs


def encoding(tiny: bool, load: Any) -> Contest:
    """A text line by line. Our table of words seen is emptied before each run."""
    ours, theirs = load(tiny)
    assert len(ours) == len(theirs)
    lines = text(tiny).splitlines()
    rust = theirs.backend_tokenizer

    def run_ours() -> list[list[int]]:
        ours._cache.clear()
        return ours(lines, add_special_tokens=False)["input_ids"]

    def run_theirs() -> list[list[int]]:
        found = rust.encode_batch_fast(lines, add_special_tokens=False)
        return [encoding.ids for encoding in found]

    def agree() -> float:
        assert run_ours() == run_theirs(), "not the same ids"
        return 0.0

    work = sum(map(len, lines))
    sizes = {"lines": len(lines), "vocabulary": len(ours)}
    return Contest(run_ours, run_theirs, agree, work, "characters", sizes)


def growth(tiny: bool, load: Any, words: bool) -> list[tuple[int, float]]:
    """Seconds for texts that double: English, or one word of random letters."""
    tokenizer, _ = load(tiny)
    sizes = TINY_SIZES if tiny else SIZES
    if words:
        whole = text(tiny)
        whole = whole * (sizes[-1] // len(whole) + 1)
    else:
        whole = "".join(random.Random(0).choices(string.ascii_lowercase, k=sizes[-1]))

    def run(size: int) -> None:
        tokenizer._cache.clear()
        tokenizer(whole[:size])

    # All sizes in turns, so that a slow moment isn't one size's.
    rounds = [[seconds(partial(run, size)) for size in sizes] for _ in range(5)]
    medians = map(statistics.median, zip(*rounds, strict=True))
    return list(zip(sizes, medians, strict=True))


CASES = [
    Race(
        "wordpiece-encode",
        "WordPiece, BERT's: encoding Wikipedia",
        1 / 30,
        partial(encoding, load=wordpiece),
        theirs="tokenizers",
    ),
    Race(
        "bpe-encode",
        "Byte-level BPE, GPT-2's: encoding Wikipedia",
        1 / 30,
        partial(encoding, load=bpe),
        theirs="tokenizers",
    ),
    Growth(
        "wordpiece-growth",
        "WordPiece: time by the length of an English text",
        1.1,
        partial(growth, load=wordpiece, words=True),
        "s",
    ),
    Growth(
        "bpe-growth",
        "Byte-level BPE: time by the length of a text without spaces",
        1.1,
        partial(growth, load=bpe, words=False),
        "s",
    ),
]
