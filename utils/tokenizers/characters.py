"""One token a character: the vocabulary that needs no learning."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from utils.tokenizers.base import (
    NO_FRAME,
    Frame,
    SpecialTokens,
    Tokenizer,
    UnknownToken,
    Vocabulary,
    read_config,
    read_json,
)

VOCABULARY_FILE = "vocab.json"


class Characters(Tokenizer):
    """Each character of a text is a token.

    Args:
        vocabulary: the special tokens, if any, and the characters.
        special: none unless given. Without `unk`, a character outside the vocabulary
            is an error.
        frame: the special tokens around a text; none unless given.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        special: SpecialTokens | None = None,
        frame: Frame = NO_FRAME,
    ):
        super().__init__(vocabulary, special or SpecialTokens(), frame)

    def words(self, text: str) -> list[str]:
        """Its characters."""
        return list(text)

    def word_ids(self, word: str) -> list[int]:
        """The id of one character.

        Raises:
            UnknownToken: it isn't in the vocabulary, and there is no `unk`.
        """
        found = self.vocabulary.ids.get(word, self._special_id(self.special.unk))
        if found is None:
            raise UnknownToken(f"the character {word!r} is outside the vocabulary")
        return [found]

    def join(self, tokens: Sequence[str]) -> str:
        """One after the other."""
        return "".join(tokens)

    @classmethod
    def train(cls, texts: Iterable[str], special: SpecialTokens | None = None) -> Self:
        """The characters of texts, in the order of their code points."""
        if isinstance(texts, str):
            raise TypeError("texts must be an iterable of texts, was one str: [text]")
        special = special or SpecialTokens()
        characters = sorted(set().union(*texts) - set(special))
        return cls(Vocabulary([*special, *characters]), special)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """From a folder that `save` wrote.

        Raises:
            FileNotFoundError: its vocab.json is missing.
            ValueError: it is damaged.
        """
        folder = Path(folder)
        config = read_config(folder, SpecialTokens())
        vocabulary = Vocabulary.from_ids(read_json(folder / VOCABULARY_FILE))
        frame = Frame(**{k: tuple(v) for k, v in config.get("frame", {}).items()})
        return cls(vocabulary, config["special"], frame)

    def _save(self, folder: Path) -> dict[str, Any]:
        ids = json.dumps(self.vocabulary.ids, ensure_ascii=False)
        (folder / VOCABULARY_FILE).write_text(ids, encoding="utf-8")
        return {"frame": asdict(self.frame)}
