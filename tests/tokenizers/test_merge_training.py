"""Trainers learn what a plain reference learns that counts everything at every step."""

import time
from collections import Counter
from itertools import pairwise

import hypothesis.strategies as st
import pytest
import tokenizers
from hypothesis import given, settings
from tokenizers import models, pre_tokenizers, trainers

from utils.tokenizers import BPE, ByteLevelBPE, WordPiece
from utils.tokenizers.training import learn_merges


def plain(
    words, alphabet, steps, *, join, relative, min_count, last=False, once=False, end=1
):
    """The reference; `last`, `once` and `end` make it a wrong one."""
    spelled = [(list(word), 1 if once else n) for word, n in words.items()]
    order, merges = {symbol: i for i, symbol in enumerate(alphabet)}, []
    while len(merges) < steps:
        tokens, pairs = Counter(), Counter()
        for word, n in spelled:
            for token in word:
                tokens[token] += n
            for pair in pairwise(word):
                pairs[pair] += n
        best = None
        for pair, n in pairs.items():
            if n < min_count or join(*pair) in order:
                continue
            score = n / (tokens[pair[0]] * tokens[pair[1]]) if relative else n
            places = order[pair[0]], order[pair[1]]
            key = score, *(p if last else -p for p in places)
            if best is None or key > best[0]:
                best = key, pair
        if best is None:
            break
        left, right = best[1]
        merges.append(best[1])
        new = join(left, right)
        order[new] = len(order)
        for word, _ in spelled:
            i = 0 if end == 1 else len(word) - 2
            while 0 <= i < len(word) - 1:
                if (word[i], word[i + 1]) == (left, right):
                    word[i : i + 2] = [new]
                i += end
    return merges


def learned(function, words, steps, **options):
    alphabet = sorted({symbol for word in words for symbol in word})
    options = {"join": str.__add__, "relative": False, "min_count": 2} | options
    return function(words, alphabet, steps, **options)


WORDS = st.dictionaries(
    st.text("ab", min_size=1, max_size=9).map(tuple)
    | st.text("abcd", min_size=1, max_size=7).map(tuple),
    st.integers(1, 9),
    max_size=8,
)


@given(WORDS, st.booleans(), st.integers(1, 5))
@settings(derandomize=True, deadline=None, max_examples=500)
def test_merges_of_any_words(words, relative, min_count):
    """Runs of one letter, ties, and to the end of the pairs."""
    options = {"relative": relative, "min_count": min_count}
    merges = learned(learn_merges, words, 40, **options)
    assert merges == learned(plain, words, 40, **options)
    assert len({left + right for left, right in merges}) == len(merges)


@pytest.fixture(scope="module")
def words(corpus):
    counted = Counter(word for text in corpus for word in text.split())
    return {tuple(word): n for word, n in counted.items()}


@pytest.mark.parametrize("relative", [False, True])
def test_merges_of_a_text(words, relative):
    merges = learned(learn_merges, words, 150, relative=relative)
    assert merges == learned(plain, words, 150, relative=relative)
    assert len(merges) == 150


def test_wrong_references_are_caught(words):
    merges = learned(learn_merges, words, 150)
    for wrong in (
        {"last": True},  # ties settled the other way
        {"once": True},  # how often a word occurs forgotten
        {"relative": True},
        {"min_count": 20},
    ):
        assert merges != learned(plain, words, 150, **wrong), wrong
    runs = {tuple("baaab"): 5}
    merges = learned(learn_merges, runs, 4)
    assert merges == [("a", "a"), ("a", "b"), ("b", "aa"), ("baa", "ab")]
    assert merges != learned(plain, runs, 4, end=-1)  # merged from right to left


def test_sennrichs_example():
    """Low, lower, newest, widest: figure 1 of the paper, under this tie rule."""
    texts = ["low " * 5 + "lower " * 2 + "newest " * 6 + "widest " * 3]
    trained = BPE.train(texts, size=2 + 11 + 7, min_count=1)
    made = [left + right for left, right in trained.merges]
    assert made == ["es", "est</w>", "lo", "ew", "new", "newest</w>", "low</w>"]
    assert trained.tokenize("lowest low") == ["lo", "w", "est</w>", "low</w>"]
    assert trained.decode(trained.encode("lowest  newest\n")) == "lowest newest"


def test_equals_the_librarys_trainer(corpus):
    texts = [text for text in corpus if "<|endoftext|>" not in text]
    assert_library_learns_the_same(texts, 1300)


def test_equals_the_librarys_trainer_on_shakespeare(data):
    text = (data / "tinyshakespeare" / "input.txt").read_text()
    assert_library_learns_the_same(text.splitlines(keepends=True), 5000)


def assert_library_learns_the_same(texts, size):
    """Of equal counts it takes the pair of the smaller ids too."""
    ours = ByteLevelBPE.train(texts, size)
    theirs = tokenizers.Tokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size - 1,
        min_frequency=2,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    theirs.train_from_iterator(texts, trainer)
    assert len(ours) == size
    assert ours.vocabulary.tokens[:-1] == sorted(
        theirs.get_vocab(), key=theirs.get_vocab().__getitem__
    )
    assert ours.vocabulary.tokens[-1] == "<|endoftext|>"


@pytest.mark.parametrize("score", ["count", "ratio"])
def test_wordpiece(corpus, score):
    """The vocabulary: special tokens, both forms of every character, the merges."""
    size = 1100
    trained = WordPiece.train(corpus, size, score=score, min_count=3)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert trained.vocabulary.tokens[:5] == special
    words = {
        (word[0], *(f"##{c}" for c in word[1:])): n
        for word, n in trained.count_words(corpus).items()
        if len(word) <= 100
    }
    characters = sorted({s.removeprefix("##") for word in words for s in word})
    alphabet = [*characters, *(f"##{c}" for c in characters)]

    def join(left, right):
        return left + right.removeprefix("##")

    merges = plain(
        words,
        alphabet,
        size - 5 - len(alphabet),
        join=join,
        relative=score == "ratio",
        min_count=3,
    )
    made = [join(*pair) for pair in merges]
    assert trained.vocabulary.tokens == [*special, *alphabet, *made]
    assert len(made) > 100
    # No word of known characters is unknown.
    assert "[UNK]" not in trained.tokenize("zyxwvutsrqponmlkjihgfedcba")


def test_the_order_of_texts_does_not_matter(corpus):
    for kind, size in ((ByteLevelBPE, 600), (BPE, 600), (WordPiece, 1100)):
        a, b = (kind.train(texts, size) for texts in (corpus, corpus[::-1]))
        assert a.vocabulary.tokens == b.vocabulary.tokens


def test_fewer_tokens_where_the_pairs_run_out():
    assert len(ByteLevelBPE.train(["aaaa aaaa"], 500)) == 256 + 1 + 2
    assert BPE.train(["ab ab"], 99).vocabulary.tokens == [
        "<pad>",
        "<unk>",
        "a",
        "b</w>",
        "ab</w>",
    ]


def test_a_token_that_is_there_already_is_passed_over():
    """The text spells "</w>" itself: a < / w > would become what a</w> is."""
    trained = BPE.train(["a</w>b c</w>d a " * 5], 99)
    assert "</w>" in trained.vocabulary
    assert trained.tokenize("a a</w>b")[0] == "a</w>"
    assert ("a", "</w>") not in trained.merges


def test_special_tokens_are_not_learned_from():
    text = "x<|endoftext|>" * 50
    trained = ByteLevelBPE.train([text], 300)
    assert trained.merges == []
    assert trained.tokenize(text)[:3] == ["x", "<|endoftext|>", "x"]


def test_bad_arguments():
    for kind in (BPE, ByteLevelBPE, WordPiece):
        with pytest.raises(TypeError, match=r"was one str: \[text\]"):
            kind.train("one text", 1000)
    with pytest.raises(ValueError, match=r"size must be at least 257 \(256 symbols"):
        ByteLevelBPE.train(["text"], 200)
    with pytest.raises(ValueError, match=r"size must be at least 11 \(6 characters"):
        WordPiece.train(["abc"], 10)
    with pytest.raises(ValueError, match="score must be one of 'count', 'ratio'"):
        WordPiece.train(["abc"], 100, score="best")


def test_training_is_quick(corpus):
    """Counts are kept up to date, not made anew at each of a thousand merges."""
    start = time.process_time()
    ByteLevelBPE.train(corpus * 20, 1500)
    assert time.process_time() - start < 5
