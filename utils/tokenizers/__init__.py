"""Text to ids and back: characters, BPE, GPT-2's byte-level BPE, BERT's WordPiece."""

from utils.tokenizers.base import Frame, SpecialTokens, UnknownToken, Vocabulary
from utils.tokenizers.bpe import BPE, ByteLevelBPE
from utils.tokenizers.characters import Characters
from utils.tokenizers.wordpiece import BasicTokenizer, WordPiece

__all__ = [
    "BPE",
    "BasicTokenizer",
    "ByteLevelBPE",
    "Characters",
    "Frame",
    "SpecialTokens",
    "UnknownToken",
    "Vocabulary",
    "WordPiece",
]
