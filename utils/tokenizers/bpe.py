"""Byte-pair encoding: the most frequent pair of neighbours becomes one token.

`BPE` on characters (Sennrich et al. 2016, arXiv 1508.07909) and `ByteLevelBPE` on bytes
(Radford et al. 2019, section 2.2), which GPT-2, RoBERTa and BART use.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import regex

from utils.tokenizers.base import (
    NO_FRAME,
    Frame,
    SpecialTokens,
    Tokenizer,
    UnknownToken,
    Vocabulary,
    read_config,
    read_json,
    read_text,
)
from utils.tokenizers.training import Pair, learn_merges

# As transformers names the files, and as OpenAI named GPT-2's.
VOCABULARY_FILES = ("vocab.json", "encoder.json")
MERGES_FILES = ("merges.txt", "vocab.bpe")


class BPE(Tokenizer):
    """Words at white space, spelled in characters; the last one carries `END`.

    Args:
        vocabulary: the special tokens, the characters and what the merges make.
        merges: pairs of tokens, the first learned first.
        special: without `unk`, a character outside the vocabulary is an error.
        frame: the special tokens around a text; none unless given.

    Raises:
        ValueError: merges and vocabulary don't fit each other.
    """

    END = "</w>"
    SPECIAL = SpecialTokens(unk="<unk>", pad="<pad>")

    def __init__(
        self,
        vocabulary: Vocabulary,
        merges: Sequence[Pair],
        special: SpecialTokens | None = None,
        frame: Frame = NO_FRAME,
    ):
        super().__init__(vocabulary, special or self.SPECIAL, frame)
        self.merges = list(merges)
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._made = [left + right for left, right in self.merges]
        self._check_merges()

    def _check_merges(self) -> None:
        """Each merge joins tokens that are there before it, into a new one."""
        symbols = set(self.vocabulary.tokens) - set(self._made) - set(self.special)
        known = set(symbols)
        for rank, (pair, made) in enumerate(zip(self.merges, self._made, strict=True)):
            what = f"merge {rank} of {' and '.join(map(repr, pair))}"
            if made not in self.vocabulary:
                raise ValueError(f"{what}: the vocabulary lacks {made!r}")
            if made in known:
                raise ValueError(f"{what}: an earlier merge makes {made!r}")
            for token in pair:
                if token not in known:
                    raise ValueError(f"{what}: no earlier merge makes {token!r}")
            known.add(made)
        left_over = [s for s in symbols if not self._is_symbol(s)]
        if left_over:
            raise ValueError(
                f"{len(left_over)} tokens of the vocabulary, such as "
                f"{min(left_over)!r}, are no symbols, nor does a merge make them. "
                "Special tokens must be named in SpecialTokens."
            )

    def _is_symbol(self, token: str) -> bool:
        return len(token.removesuffix(self.END) or token) == 1

    def words(self, text: str) -> list[str]:
        return text.split()

    def symbols(self, word: str) -> list[str]:
        """What merging begins with."""
        return [*word[:-1], word[-1] + self.END]

    def word_ids(self, word: str) -> list[int]:
        ids = self.vocabulary.ids
        tokens = self.merge(self.symbols(word))
        try:
            return [ids[token] for token in tokens]
        except KeyError:
            return [self._id_or_unknown(token) for token in tokens]

    def _id_or_unknown(self, token: str) -> int:
        found = self.vocabulary.ids.get(token, self.unk_token_id)
        if found is None:
            raise UnknownToken(
                f"{token.removesuffix(self.END)!r} isn't in the vocabulary, and there "
                "is no unknown token: SpecialTokens(unk=…)"
            )
        return found

    def merge(self, symbols: list[str]) -> list[str]:
        """Merge neighbours, the pair learned first everywhere before the next.

        The time grows with the length only: every place of a pair waits in a list under
        the pair's rank, and is looked at once. A merge makes two new pairs at most,
        both learned later than itself, so the ranks are worked off in one sweep.
        """
        end = len(symbols)
        tokens = [*symbols]  # "": merged into one on the left
        following = list(range(1, end + 1))
        preceding = list(range(-1, end - 1))
        places: dict[int, list[int]] = {}  # rank of a pair -> where its left tokens are
        for place, pair in enumerate(pairwise(symbols)):
            rank = self._ranks.get(pair)
            if rank is not None:
                places.setdefault(rank, []).append(place)
        queue = list(places)
        heapq.heapify(queue)
        while queue:
            rank = heapq.heappop(queue)
            left, right = self.merges[rank]
            # Places overlap only where a token meets itself ("aaa"), and such places
            # have come in from the left: in the scan, or while one rank was merged.
            for place in places.pop(rank):
                other = following[place]
                if tokens[place] != left or other == end or tokens[other] != right:
                    continue  # one of the two has been merged meanwhile
                tokens[place], tokens[other] = self._made[rank], ""
                after = following[place] = following[other]
                if after < end:
                    preceding[after] = place
                before = preceding[place]
                for start, stop in ((before, place), (place, after)):
                    if start < 0 or stop == end:
                        continue
                    new = self._ranks.get((tokens[start], tokens[stop]))
                    if new is not None:
                        if new not in places:
                            places[new] = []
                            heapq.heappush(queue, new)
                        places[new].append(start)
        return [token for token in tokens if token]

    def join(self, tokens: Sequence[str]) -> str:
        return "".join(tokens).replace(self.END, " ").removesuffix(" ")

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        size: int,
        *,
        special: SpecialTokens | None = None,
        frame: Frame = NO_FRAME,
        min_count: int = 2,
    ) -> Self:
        """Learn a vocabulary of `size` tokens, fewer where the pairs run out.

        The most frequent pair is merged first; ties are settled as `learn_merges` says.

        Raises:
            TypeError: `texts` is one text.
            ValueError: `size` leaves no room for the symbols and special tokens.
        """
        special = special or cls.SPECIAL
        blank = cls(Vocabulary([*special, *cls._alphabet([])]), [], special, frame)
        words: Counter[tuple[str, ...]] = Counter()
        for word, n in blank.count_words(texts).items():
            words[tuple(blank.symbols(word))] += n
        alphabet = cls._alphabet(words)
        steps = size - len(alphabet) - len(list(special))
        if steps < 0:
            raise ValueError(
                f"size must be at least {size - steps} ({len(alphabet)} symbols and "
                f"the special tokens), was {size}"
            )
        merges = learn_merges(
            words,
            alphabet,
            steps,
            join=str.__add__,
            relative=False,
            min_count=min_count,
        )
        made = [left + right for left, right in merges]
        return cls(cls._vocabulary(alphabet, made, special), merges, special, frame)

    @classmethod
    def _alphabet(cls, words: Iterable[tuple[str, ...]]) -> list[str]:
        return sorted({symbol for word in words for symbol in word})

    @staticmethod
    def _vocabulary(
        alphabet: list[str], made: list[str], special: SpecialTokens
    ) -> Vocabulary:
        return Vocabulary([*special, *alphabet, *made])

    @classmethod
    def load(cls, folder: str | Path, special: SpecialTokens | None = None) -> Self:
        """From a folder with vocab.json and merges.txt, or GPT-2's names for them.

        Args:
            special: the special tokens, where the folder doesn't say.

        Raises:
            FileNotFoundError: a file is missing.
            ValueError: a file is damaged, or the two don't fit each other.
        """
        folder = Path(folder)
        config = read_config(folder, special or cls.SPECIAL)
        vocabulary_file = _first_of(folder, VOCABULARY_FILES)
        merges_file = _first_of(folder, MERGES_FILES)
        ids = read_json(vocabulary_file)
        merges = _read_merges(merges_file)
        frame = Frame(**{k: tuple(v) for k, v in config.get("frame", {}).items()})
        try:
            vocabulary = Vocabulary.from_ids(ids)
            return cls(vocabulary, merges, config["special"], frame)
        except ValueError as error:
            files = f"{vocabulary_file} and {merges_file.name}"
            raise ValueError(f"{files} don't fit each other: {error}") from error

    def _save(self, folder: Path) -> dict[str, Any]:
        ids = json.dumps(self.vocabulary.ids, ensure_ascii=False)
        (folder / VOCABULARY_FILES[0]).write_text(ids, encoding="utf-8")
        lines = ["#version: 0.2", *(f"{left} {right}" for left, right in self.merges)]
        text = "".join(f"{line}\n" for line in lines)
        (folder / MERGES_FILES[0]).write_text(text, encoding="utf-8")
        return {"frame": asdict(self.frame)}


def _first_of(folder: Path, names: Sequence[str]) -> Path:
    found = [folder / name for name in names if (folder / name).exists()]
    if not found:
        raise FileNotFoundError(f"{folder} has no {' or '.join(names)}")
    return found[0]


def _read_merges(path: Path) -> list[Pair]:
    """A pair a line, separated by one space, under a line that begins with #version."""
    merges = []
    for number, line in enumerate(read_text(path).removesuffix("\n").split("\n"), 1):
        if number == 1 and line.startswith("#version"):
            continue
        pair = line.split(" ")
        if len(pair) != 2 or not all(pair):
            raise ValueError(
                f"{path} is damaged: line {number} must be two tokens, was {line!r}"
            )
        merges.append((pair[0], pair[1]))
    return merges


def _byte_characters() -> dict[int, str]:
    """A visible character for each byte: itself, or the next one from U+0100 on."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {b: chr(b) for b in visible} | {
        b: chr(0x100 + i) for i, b in enumerate(hidden)
    }


class ByteLevelBPE(BPE):
    """GPT-2's tokenizer: no text is unknown, and decoding gives every text back.

    A text is cut where GPT-2's pattern says, each part is written in UTF-8, and its
    bytes are merged. Files show a byte as a character: a space is Ġ, U+0120.

    Raises:
        ValueError: the vocabulary lacks a byte, or as for `BPE`. Encoding half of a
            surrogate pair, which is no character, raises UnicodeEncodeError.
    """

    END = ""
    SPECIAL = SpecialTokens(
        unk="<|endoftext|>", bos="<|endoftext|>", eos="<|endoftext|>"
    )
    CHARACTERS = _byte_characters()
    BYTES = {character: byte for byte, character in CHARACTERS.items()}
    PATTERN = regex.compile(
        r"'s|'t|'re|'ve|'m|'ll|'d"  # English contractions, in lower case only
        r"| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"  # one space goes with what follows it
        r"|\s+(?!\S)|\s+"
    )

    def _check_merges(self) -> None:
        absent = [c for c in self.BYTES if c not in self.vocabulary]
        if absent:
            raise ValueError(f"the vocabulary lacks {len(absent)} of the 256 bytes")
        super()._check_merges()

    def _is_symbol(self, token: str) -> bool:
        return token in self.BYTES

    @classmethod
    def _alphabet(cls, words: Iterable[tuple[str, ...]]) -> list[str]:
        return list(cls.BYTES)

    @staticmethod
    def _vocabulary(
        alphabet: list[str], made: list[str], special: SpecialTokens
    ) -> Vocabulary:
        return Vocabulary([*alphabet, *made, *special])  # as in GPT-2

    def words(self, text: str) -> list[str]:
        return self.PATTERN.findall(text)

    def symbols(self, word: str) -> list[str]:
        return [self.CHARACTERS[byte] for byte in word.encode()]

    def _save(self, folder: Path) -> dict[str, Any]:
        return super()._save(folder) | {"tokenizer_class": "GPT2Tokenizer"}

    def join(self, tokens: Sequence[str]) -> str:
        found = bytearray()
        for token in tokens:
            try:
                found.extend(self.BYTES[c] for c in token)
            except KeyError:  # a special token that isn't spelled in these characters
                found.extend(token.encode())
        return found.decode(errors="replace")
