"""The real tokenizers, ours and the library's, and texts that tell right from wrong.

transformers 5 takes BertTokenizer(vocab_file=…) and GPT2Tokenizer(vocab_file=…) without
an error and loads five tokens or one: the lengths are asserted.
"""

import os
from pathlib import Path

import pytest
import transformers

from utils.pretrained import minilm
from utils.tokenizers import ByteLevelBPE, WordPiece

# What each line is for stands beside it, where that can't be seen.
SAMPLES = [
    "He went to the bank to deposit money.",
    "  two  spaces, three   spaces, a tab\tand\na line \n\n feed  ",
    "I'll say DON'T, don't, you're, we've, I'm, he'd; it's 'twas O'Neill's",
    "'TEST 'SOME 'MORE WE'RE IT'S 'tis 'reel rock'n'roll'd",
    "In 2024, 1,776 of 3.14159 cost $5+$6=11 < 12 | `a` ^ b ~ #tag @me a_b",
    "naïve café Zürich ÅNGSTRÖM İstanbul ﬁne ＡＢＣ ½ 5½ x² y₂ Ⅳ ٣ ǅ Straße",
    "ΟΔΥΣΣΕΥΣ ΣΑΣ, ὈΔΥΣΣΕΎΣ",  # a capital sigma at the end of a word
    "東京メトロ 你好世界，再见。 안녕하세요 ﷺ",
    "नमस्ते दुनिया, ไทย ភាសាខ្មែរ",
    "שָׁלוֹם עולם مرحبا بالعالم ‏abc",  # right to left, with points and a mark
    "🤖🎉 👩‍👩‍👧‍👦 🇫🇷 ☺️ 👍🏽x",  # joined by U+200D, coloured
    "a\u200bb \ufeffc \xadd\0e\ufffdf \x07g\x1ch\x85i\u00a0j\u2028k\u3000l\u202fm",
    "é e\u0301 a\u0316\u0301\u0327 \u0301 \u0e33 q\u0307\u0323",  # marks in any order
    "a\u0378b \ue000c \U000e0001d",  # unassigned, private, a tag
    "a" * 100 + " " + "a" * 101 + " " + "ab" * 50 + " " + "unaffable" * 12,
    "embeddings strawberry antidisestablishmentarianism xyzzyqq 🤖bot",
    "a [MASK] b[SEP] c <|endoftext|>d [mask] [unused1] <|endoftext|> <|endof",
    "aaaaaaaaa bbbbbbb abababab ...... !!!!??? ---- _____ 0000000 \u2014\u2014",
    "",
    " ",
    "\n",
]
UNSEEN = [  # by the tokenizers that are trained here
    "Wherefore are beautiful transformations of sentences another hot modelling data?",
    "Überraschend größere Städte; où est-ce qu'ils étaient? ¿Mañana también?",
]


@pytest.fixture(scope="session")
def samples():
    return SAMPLES + UNSEEN


@pytest.fixture(scope="session")
def data():
    """The folder with real text."""
    folder = os.environ.get("COURSE_DATA")
    if not folder:
        pytest.skip("COURSE_DATA isn't set: no real text")
    return Path(folder)


@pytest.fixture(scope="session")
def bert_file():
    """bert-base-uncased's vocabulary, which comes with MiniLM's weights."""
    return minilm.folder() / "vocab.txt"


@pytest.fixture(scope="session")
def bert(bert_file):
    found = WordPiece.load(bert_file)
    assert len(found) == 30_522
    return found


@pytest.fixture(scope="session")
def their_bert(bert_file):
    found = transformers.BertTokenizer(vocab=str(bert_file))
    assert len(found) == 30_522
    return found


@pytest.fixture(scope="session")
def gpt2(data):
    found = ByteLevelBPE.load(data / "gpt2_bpe")
    assert len(found) == 50_257
    return found


@pytest.fixture(scope="session")
def their_gpt2(data):
    return load_gpt2(data / "gpt2_bpe", "encoder.json", "vocab.bpe", 50_257)


@pytest.fixture(scope="session")
def corpus():
    """A small text that is always there: samples, and the card of MiniLM's weights."""
    card = (minilm.folder() / "README.md").read_text(encoding="utf-8")
    return [*card.splitlines(keepends=True), *SAMPLES * 3]


@pytest.fixture(scope="session")
def small(corpus):
    """A byte-level tokenizer trained by us, for where GPT-2's files aren't."""
    return ByteLevelBPE.train(corpus, 1300)


@pytest.fixture(scope="session")
def their_small(small, tmp_path_factory):
    """The library's, from the files that we save."""
    folder = tmp_path_factory.mktemp("small")
    small.save(folder)
    return load_gpt2(folder, "vocab.json", "merges.txt", len(small))


def load_gpt2(folder, vocabulary, merges, length):
    found = transformers.GPT2Tokenizer(
        vocab=str(folder / vocabulary), merges=str(folder / merges)
    )
    assert len(found) == length
    return found
