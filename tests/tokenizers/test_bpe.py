"""BPE and byte-level BPE equal the library's; wrong ones don't.

The tests run on a small tokenizer trained here, and on GPT-2's own files where they
are.
"""

import hypothesis.strategies as st
import pytest
import regex
import tokenizers
from hypothesis import given, settings
from tokenizers import models, pre_tokenizers

from utils.tokenizers import BPE, ByteLevelBPE, SpecialTokens, Vocabulary
from utils.tokenizers.training import learn_merges, merge

BOTH = pytest.mark.parametrize("name", ["small", "gpt2"])


@pytest.fixture
def pair(name, request):
    """Ours and theirs."""
    return request.getfixturevalue(name), request.getfixturevalue(f"their_{name}")


@BOTH
def test_equals_transformers(pair, samples):
    ours, theirs = pair
    for text in samples:
        assert ours(text) == dict(theirs(text)), text
        assert ours_on(ours, text) == theirs_on(theirs, text), text


def ours_on(tokenizer, text):
    """The words, shown as in the files, and the tokens."""
    words = ["".join(tokenizer.symbols(word)) for word in tokenizer.words(text)]
    return words, tokenizer.tokenize(text)


def theirs_on(tokenizer, text):
    split = tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str
    return [word for word, _ in split(text)], tokenizer.tokenize(text)


def test_gpt2s_files(gpt2):
    assert [gpt2.vocabulary.ids[t] for t in ("!", "A", "Ġ", "Ċ")] == [0, 32, 220, 198]
    assert gpt2.encode(" SolidGoldMagikarp") == [43_453]
    assert gpt2.encode("Hello world") == [15_496, 995]
    assert gpt2.eos_token_id == gpt2.vocabulary.ids["<|endoftext|>"] == 50_256
    # Every token but the last is made by the merge of its number.
    for i, (left, right) in enumerate(gpt2.merges):
        assert gpt2.vocabulary.tokens[256 + i] == left + right
    # Every token that is text is encoded as itself.
    for i, token in enumerate(gpt2.vocabulary.tokens):
        text = gpt2.join([token])
        if "\ufffd" not in text:
            assert gpt2.encode(text) == [i]


@BOTH
def test_every_text_comes_back(pair, samples):
    for text in samples:
        assert pair[0].decode(pair[0].encode(text)) == text
    ids = pair[0].vocabulary.ids
    assert pair[0].decode([ids["Ã"], ids["a"]]) == "\ufffda"  # half a character
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        pair[0].encode("\ud83e")  # half of an emoji, as JSON may spell it


@given(st.data())
@settings(derandomize=True, deadline=None, max_examples=300)
def test_merging_in_any_table(draws):
    """Merging by a queue is replaying the merges in order, and is the library's."""
    letters = st.text("abc", min_size=1, max_size=12)
    words = draws.draw(st.dictionaries(letters.map(tuple), st.just(1), min_size=1))
    merges = learn_merges(
        words, list("abc"), 30, join=str.__add__, relative=False, min_count=1
    )
    made = [left + right for left, right in merges]
    vocabulary = Vocabulary([*"abc", *made])
    ours = BPE(vocabulary, merges, SpecialTokens())
    theirs = models.BPE(vocab=vocabulary.ids, merges=merges)
    for word in draws.draw(st.lists(letters, min_size=1)):
        replayed = list(word)
        for pair in merges:
            replayed = merge(replayed, pair, "".join(pair))
        assert ours.merge(list(word)) == replayed
        assert [t.value for t in theirs.tokenize(word)] == replayed


def test_bpe_equals_the_library(corpus):
    ours = BPE.train(corpus, 700)
    theirs = tokenizers.Tokenizer(
        models.BPE(
            vocab=ours.vocabulary.ids,
            merges=ours.merges,
            unk_token="<unk>",
            end_of_word_suffix="</w>",
        )
    )
    theirs.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    for text in [*corpus, "unseen: Ж and 漢字 <pa"]:
        text = text.replace("\x1c", "")  # white space to str.split() only
        assert ours.encode(text) == theirs.encode(text).ids, text
    assert ours.decode(ours.encode(" two  words\n")) == "two words"


def greedy(tokenizer, symbols):
    """The longest token first, instead of the merge learned first."""
    word, found = "".join(symbols), []
    while word:
        end = next(
            n for n in range(len(word), 0, -1) if word[:n] in tokenizer.vocabulary
        )
        found.append(word[:end])
        word = word[end:]
    return found


def most_on_the_left(tokenizer, symbols):
    """Whatever pair comes first from the left, instead of the merge learned first."""
    symbols = list(symbols)
    while True:
        for i in range(len(symbols) - 1):
            if tuple(symbols[i : i + 2]) in tokenizer._ranks:
                symbols[i : i + 2] = ["".join(symbols[i : i + 2])]
                break
        else:
            return symbols


def replay(tokenizer, symbols, reverse=False):
    symbols = list(symbols)
    for rank in range(len(tokenizer.merges)):
        pair = tokenizer.merges[rank]
        found = merge(
            symbols[::-1] if reverse else symbols,
            pair[::-1] if reverse else pair,
            "".join(pair),
        )
        symbols = found[::-1] if reverse else found
    return symbols


def pattern(text):
    return lambda t: setattr(t, "PATTERN", regex.compile(text))


def symbols_by(rule):
    return lambda t: setattr(t, "symbols", rule)


def merge_by(rule):
    return lambda t: setattr(t, "merge", lambda symbols: rule(t, symbols))


def shifted(tokenizer):
    """A visible character for each byte, but in the order of the bytes."""
    characters = list(ByteLevelBPE.BYTES)
    tokenizer.symbols = lambda word: [characters[b] for b in word.encode()]


def no_special(tokenizer):
    tokenizer._special = None


CONTRACTIONS = "'s|'t|'re|'ve|'m|'ll|'d"
REST = r"| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
WRONG = {
    "no contractions": pattern(REST[1:]),
    "contractions in capitals": pattern(f"(?i){CONTRACTIONS}{REST}"),
    "contractions with the word": pattern(r" ?[\p{L}']+" + REST),
    "all spaces before a word": pattern(CONTRACTIONS + REST.replace(r"|\s+(?!\S)", "")),
    "spaces alone": pattern(CONTRACTIONS + REST.replace(" ?", "")),
    "digits are letters": pattern(CONTRACTIONS + REST.replace(r" ?\p{L}+", r" ?\w+")),
    "only 0-9 are numbers": pattern(CONTRACTIONS + REST.replace(r"\p{N}", r"\d")),
    "only ASCII letters": pattern(CONTRACTIONS + REST.replace(r"\p{L}", "a-zA-Z")),
    "spaces are left out": pattern(CONTRACTIONS + REST.replace(r"|\s+(?!\S)|\s+", "")),
    "one word": pattern("(?s).+"),
    "bytes in their order": shifted,
    "characters, not bytes": symbols_by(list),
    "UTF-16": symbols_by(
        lambda word: [ByteLevelBPE.CHARACTERS[b] for b in word.encode("utf-16-le")]
    ),
    "longest token first": merge_by(greedy),
    "leftmost pair first": merge_by(most_on_the_left),
    "no merges": merge_by(lambda t, symbols: list(symbols)),
    "<|endoftext|> spelled out": no_special,
}


@pytest.mark.parametrize("wrong", WRONG)
@BOTH
def test_wrong_tokenizers_are_caught(pair, wrong, samples):
    ours, theirs = pair
    tokenizer = ByteLevelBPE(ours.vocabulary, ours.merges)
    WRONG[wrong](tokenizer)

    def seen(text):
        try:
            return ours_on(tokenizer, text)
        except (ValueError, KeyError):
            return None

    assert [seen(t) for t in samples] != [theirs_on(theirs, t) for t in samples]


def test_wrong_orders_of_merging_are_caught(small, their_small, samples):
    """Replayed from the left all is equal, from the right it isn't."""

    def tokens(rule):
        tokenizer = ByteLevelBPE(small.vocabulary, small.merges)
        merge_by(rule)(tokenizer)
        return [tokenizer.tokenize(text) for text in samples]

    expected = [their_small.tokenize(text) for text in samples]
    assert tokens(replay) == expected
    assert tokens(lambda t, s: replay(t, s, reverse=True)) != expected
