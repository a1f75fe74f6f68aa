"""WordPiece: the longest piece that the vocabulary has, and again (BERT's tokenizer).

Wu et al. 2016, arXiv 1609.08144, section 4.1, and the published code of BERT (Devlin
et al. 2019, arXiv 1810.04805).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self
from unicodedata import category, normalize

from utils.tokenizers.base import (
    Frame,
    SpecialTokens,
    Tokenizer,
    UnknownToken,
    Vocabulary,
    one_of,
    read_config,
    read_text,
)
from utils.tokenizers.training import learn_merges

BERT_SPECIAL = SpecialTokens(
    pad="[PAD]", unk="[UNK]", cls="[CLS]", sep="[SEP]", mask="[MASK]"
)
PREFIX = "##"  # of a piece that goes on within a word
LONGEST_WORD = 100  # characters; a longer word is unknown
VOCABULARY_FILE = "vocab.txt"

# Blocks of Chinese characters, which BERT takes for words; kana and hangul aren't here.
CHINESE = (
    range(0x4E00, 0xA000),
    range(0x3400, 0x4DC0),
    range(0x20000, 0x2A6E0),
    range(0x2A700, 0x2B740),
    range(0x2B740, 0x2B820),
    range(0x2B820, 0x2CEB0),
    range(0xF900, 0xFB00),
    range(0x2F800, 0x2FA20),
)


class BasicTokenizer:
    """A text's words as BERT sees them: cleaned, lower-cased, cut at punctuation.

    Args:
        lowercase: as the "uncased" models.
        strip_accents: None does as `lowercase` says.
        split_chinese: each Chinese character is a word.
    """

    def __init__(
        self,
        lowercase: bool = True,
        strip_accents: bool | None = None,
        split_chinese: bool = True,
    ):
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.split_chinese = split_chinese
        self._decompose = lowercase if strip_accents is None else strip_accents
        self._cleaned = _Table(self._clean)
        self._folded = _Table(self._fold)

    def __call__(self, text: str) -> list[str]:
        text = text.translate(self._cleaned)
        if self._decompose:
            text = normalize("NFD", text)  # é is e and an accent
        return text.translate(self._folded).split(" ")

    def _clean(self, character: str) -> str:
        """Control characters away, white space to spaces, Chinese set apart."""
        if character in "\t\n\r":
            return " "
        if character in "\0\ufffd" or category(character) in ("Cc", "Cf", "Co"):
            return ""
        if character.isspace():
            return " "
        if self.split_chinese and any(ord(character) in block for block in CHINESE):
            return f" {character} "
        return character

    def _fold(self, character: str) -> str:
        """Accents away, lower case, punctuation set apart."""
        if self._decompose and category(character) == "Mn":
            return ""
        # Character by character: str.lower() knows a sigma at the end of a word.
        found = character.lower() if self.lowercase else character
        return f" {found} " if is_punctuation(character) else found


def is_punctuation(character: str) -> bool:
    """Unicode's punctuation, and every ASCII sign: BERT counts $, +, <, ^ and | too."""
    ascii_sign = character.isascii() and character.isprintable()
    if ascii_sign and not character.isalnum() and character != " ":
        return True
    return category(character).startswith("P")


class _Table(dict[int, str]):
    """What `str.translate` puts for each character, found out when it first comes."""

    def __init__(self, rule: Callable[[str], str]):
        super().__init__()
        self.rule = rule

    def __missing__(self, code: int) -> str:
        found = self[code] = self.rule(chr(code))
        return found


class WordPiece(Tokenizer):
    """BERT's tokenizer. A word with a part that is in no piece is unknown as a whole.

    Args:
        vocabulary: pieces; those that go on within a word begin with ##.
        special: without `unk`, an unknown word is an error. `cls` and `sep` are put
            around a text, [CLS] A [SEP], and around a pair, [CLS] A [SEP] B [SEP].
        lowercase, strip_accents, split_chinese: as for `BasicTokenizer`.

    Raises:
        ValueError: the vocabulary lacks a special token.
    """

    token_types = True

    def __init__(
        self,
        vocabulary: Vocabulary,
        special: SpecialTokens = BERT_SPECIAL,
        *,
        lowercase: bool = True,
        strip_accents: bool | None = None,
        split_chinese: bool = True,
    ):
        sep = (special.sep,) if special.sep else ()
        frame = Frame((special.cls,) if special.cls else (), sep, sep)
        super().__init__(vocabulary, special, frame)
        self.basic = BasicTokenizer(lowercase, strip_accents, split_chinese)

    def words(self, text: str) -> list[str]:
        return [word for word in self.basic(text) if word]

    def word_ids(self, word: str) -> list[int]:
        ids = self.vocabulary.ids
        found: list[int] = []
        start = 0
        while start < len(word) <= LONGEST_WORD:
            prefix = PREFIX if start else ""
            for end in range(len(word), start, -1):
                piece = ids.get(prefix + word[start:end])
                if piece is not None:
                    found.append(piece)
                    start = end
                    break
            else:
                break
        if start == len(word):
            return found
        if self.unk_token_id is None:
            raise UnknownToken(
                f"{word[:LONGEST_WORD]!r} can't be spelled in the vocabulary, and "
                "there is no unknown token: SpecialTokens(unk=…)"
            )
        return [self.unk_token_id]

    def join(self, tokens: Sequence[str]) -> str:
        found = []
        for i, token in enumerate(tokens):
            if i == 0:
                found.append(token)
            elif token.startswith(PREFIX):
                found.append(token.removeprefix(PREFIX))
            else:
                found.append(token if token[0] in ".,!?" else f" {token}")
        return "".join(found)

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        size: int,
        *,
        special: SpecialTokens = BERT_SPECIAL,
        score: str = "count",
        min_count: int = 2,
        **options: Any,
    ) -> Self:
        """Learn a vocabulary of `size` pieces, fewer where the pairs run out.

        Neighbours are merged as in BPE, ties settled as `learn_merges` says. Each
        character may begin a word and go on in one, so that no word of known characters
        is unknown. Google never published how it chose BERT's pieces.

        Args:
            score: "count" merges the most frequent pair, as the tokenizers library
                does. "ratio" divides by the product of the two pieces' counts, the
                reading of Schuster and Nakajima 2012 that the Hugging Face course
                gives; it favours rare pieces that keep together over frequent words.
            min_count: pairs that occur less often aren't merged.
            options: as for `BasicTokenizer`.

        Raises:
            TypeError: `texts` is one text.
            ValueError: `size` leaves no room for the characters and special tokens, or
                there is no such score.
        """
        one_of("score", score, ("count", "ratio"))
        blank = cls(Vocabulary(special), special, **options)
        words = {
            (word[0], *(PREFIX + c for c in word[1:])): n
            for word, n in blank.count_words(texts).items()
            if len(word) <= LONGEST_WORD
        }
        characters = sorted({s.removeprefix(PREFIX) for word in words for s in word})
        alphabet = [*characters, *(PREFIX + c for c in characters)]
        steps = size - len(alphabet) - len(list(special))
        if steps < 0:
            raise ValueError(
                f"size must be at least {size - steps} ({len(alphabet)} characters and "
                f"the special tokens), was {size}"
            )
        merges = learn_merges(
            words,
            alphabet,
            steps,
            join=_join,
            relative=score == "ratio",
            min_count=min_count,
        )
        made = [_join(left, right) for left, right in merges]
        return cls(Vocabulary([*special, *alphabet, *made]), special, **options)

    @classmethod
    def load(
        cls, path: str | Path, special: SpecialTokens = BERT_SPECIAL, **options: Any
    ) -> Self:
        """From a vocab.txt, a piece a line, or from a folder that has one.

        Args:
            special: the special tokens, where the folder doesn't say.
            options: as for `BasicTokenizer`, where the folder doesn't say otherwise.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is damaged, or lacks a special token.
        """
        path = Path(path)
        file = path / VOCABULARY_FILE if path.is_dir() else path
        config = read_config(path, special)
        options |= {us: config[them] for us, them in OPTIONS.items() if them in config}
        lines = read_text(file).removesuffix("\n").split("\n")
        try:
            return cls(Vocabulary(lines), config["special"], **options)
        except ValueError as error:
            raise ValueError(f"{file}: {error}") from error

    def _save(self, folder: Path) -> dict[str, Any]:
        text = "".join(f"{token}\n" for token in self.vocabulary.tokens)
        (folder / VOCABULARY_FILE).write_text(text, encoding="utf-8")
        options = {them: getattr(self.basic, us) for us, them in OPTIONS.items()}
        return options | {"tokenizer_class": "BertTokenizer"}


# Our names for the options, and theirs in a saved configuration.
OPTIONS = {
    "lowercase": "do_lower_case",
    "strip_accents": "strip_accents",
    "split_chinese": "tokenize_chinese_chars",
}


def _join(left: str, right: str) -> str:
    return left + right.removeprefix(PREFIX)
