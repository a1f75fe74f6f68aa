"""WordPiece equals BERT's, on the real vocabulary; wrong ones don't."""

import unicodedata

import pytest
import regex

from utils.tokenizers import WordPiece
from utils.tokenizers import wordpiece as module


def theirs_on(texts, tokenizer):
    return [tokenizer.tokenize(text) for text in texts]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"do_lower_case": False},
        {"strip_accents": False},
        {"do_lower_case": False, "strip_accents": True},
        {"tokenize_chinese_chars": False},
    ],
    ids=str,
)
def test_equals_transformers(bert_file, samples, options):
    import transformers

    theirs = transformers.BertTokenizer(vocab=str(bert_file), **options)
    assert len(theirs) == 30_522
    ours = WordPiece.load(
        bert_file,
        **{us: options[t] for us, t in module.OPTIONS.items() if t in options},
    )
    for text in samples:
        assert ours.tokenize(text) == theirs.tokenize(text), text
        assert ours(text) == dict(theirs(text)), text


def test_known_words(bert):
    """What the lesson prints."""
    assert len(bert.encode("He went to the bank to deposit money.")) == 11
    assert bert.tokenize("embeddings") == ["em", "##bed", "##ding", "##s"]
    assert bert.tokenize("unaffable") == ["una", "##ffa", "##ble"]
    assert bert.tokenize("naïve café") == ["naive", "cafe"]
    assert bert.tokenize("a" * 101) == ["[UNK]"]
    assert bert.tokenize("🤖bot") == ["[UNK]"]


def test_the_folder_has_the_same_vocabulary(data, bert_file):
    assert (data / "bert_base_uncased/vocab.txt").read_bytes() == bert_file.read_bytes()


def change_words(tokenizer, rule):
    """Put another rule in the place of `BasicTokenizer`'s call."""
    basic = tokenizer.basic
    tokenizer.basic = lambda text: rule(basic, text)


def change_rule(tokenizer, table, rule):
    """Change what becomes of a character: `rule` gets it and what it became."""
    before = getattr(tokenizer.basic, table).rule
    setattr(
        tokenizer.basic, table, module._Table(lambda character: rule(character, before))
    )


def words_with(form):
    def words(basic, text):
        text = unicodedata.normalize(form, text.translate(basic._cleaned))
        return text.translate(basic._folded).split(" ")

    return words


def pieces(*, limit=100, prefix="##", shortest=False, part_unknown=False):
    """Other ways to spell a word in pieces."""

    def word_ids(tokenizer, word):
        ids, found, start = tokenizer.vocabulary.ids, [], 0
        unknown = [tokenizer.unk_token_id]
        if len(word) > limit:
            return unknown
        while start < len(word):
            ends = range(len(word), start, -1)
            for end in reversed(ends) if shortest else ends:
                piece = ids.get((prefix if start else "") + word[start:end])
                if piece is not None:
                    break
            else:
                if not part_unknown:
                    return unknown
                piece, end = unknown[0], start + 1
            found.append(piece)
            start = end
        return found

    return lambda t: setattr(t, "word_ids", lambda word: word_ids(t, word))


def set_special(tokenizer):
    tokenizer._special = None


C = unicodedata.category
WRONG = {
    "a final sigma": lambda t: change_words(t, lambda b, text: b(text.lower())),
    "accents kept": lambda t: change_rule(
        t, "_folded", lambda c, rule: c if C(c) == "Mn" else rule(c)
    ),
    "accents taken without NFD": lambda t: change_words(
        t, lambda b, s: s.translate(b._cleaned).translate(b._folded).split(" ")
    ),
    "all marks taken": lambda t: change_rule(
        t, "_folded", lambda c, rule: "" if C(c)[0] == "M" else rule(c)
    ),
    "compatible forms": lambda t: change_words(t, words_with("NFKD")),
    "case kept": lambda t: setattr(t.basic, "lowercase", False),
    "ASCII signs in words": lambda t: change_rule(
        t, "_folded", lambda c, rule: c if c in "$+<=>^`|~" else rule(c)
    ),
    "only ASCII is punctuation": lambda t: change_rule(
        t, "_folded", lambda c, rule: c if c > "\x7f" and C(c)[0] == "P" else rule(c)
    ),
    "the apostrophe in words": lambda t: change_rule(
        t, "_folded", lambda c, rule: c if c == "'" else rule(c)
    ),
    "symbols are punctuation": lambda t: change_rule(
        t, "_folded", lambda c, rule: f" {c} " if C(c) == "So" else rule(c)
    ),
    "Chinese not set apart": lambda t: setattr(t.basic, "split_chinese", False),
    "kana set apart": lambda t: change_rule(
        t, "_cleaned", lambda c, rule: f" {c} " if "ァ" <= c <= "ヿ" else rule(c)
    ),
    "unassigned taken": lambda t: change_rule(
        t, "_cleaned", lambda c, rule: "" if C(c) == "Cn" else rule(c)
    ),
    "private use kept": lambda t: change_rule(
        t, "_cleaned", lambda c, rule: c if C(c) == "Co" else rule(c)
    ),
    "format characters kept": lambda t: change_rule(
        t, "_cleaned", lambda c, rule: c if C(c) == "Cf" else rule(c)
    ),
    "control characters to spaces": lambda t: change_rule(
        t, "_cleaned", lambda c, rule: " " if C(c) == "Cc" else rule(c)
    ),
    "control characters kept": lambda t: change_rule(
        t, "_cleaned", lambda c, rule: c if c == "\x07" else rule(c)
    ),
    "U+FFFD kept": lambda t: change_rule(
        t, "_cleaned", lambda c, rule: c if c == "\ufffd" else rule(c)
    ),
    "a hard space kept": lambda t: change_rule(
        t, "_cleaned", lambda c, rule: c if c == "\u00a0" else rule(c)
    ),
    "words of 99 at most": pieces(limit=99),
    "words of 101": pieces(limit=101),
    "## forgotten": pieces(prefix=""),
    "shortest piece first": pieces(shortest=True),
    "only the part unknown": pieces(part_unknown=True),
    "[MASK] spelled out": set_special,
    "[mask] is special": lambda t: setattr(
        t, "_special", regex.compile(r"(?i)(\[MASK\])")
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_tokenizers_are_caught(name, bert_file, their_bert, samples):
    wrong = WordPiece.load(bert_file)
    WRONG[name](wrong)

    def tokens(text):
        try:
            return wrong.tokenize(text)
        except KeyError:
            return None

    assert [tokens(t) for t in samples] != theirs_on(samples, their_bert)


def test_the_pieces_of_the_harness_are_right(bert_file, their_bert, samples):
    """The wrong ones above differ by what they are named after only."""
    same = WordPiece.load(bert_file)
    pieces()(same)
    change_rule(same, "_cleaned", lambda c, rule: rule(c))
    change_rule(same, "_folded", lambda c, rule: rule(c))
    change_words(same, words_with("NFD"))
    assert theirs_on(samples, same) == theirs_on(samples, their_bert)
