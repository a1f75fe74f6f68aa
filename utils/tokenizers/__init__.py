"""Text to ids and back: BPE, byte-level BPE as in GPT-2, WordPiece as in BERT."""

from utils.tokenizers.base import Frame, SpecialTokens, UnknownToken, Vocabulary
from utils.tokenizers.bpe import BPE, ByteLevelBPE
from utils.tokenizers.wordpiece import BasicTokenizer, WordPiece

__all__ = [
    "BPE",
    "BasicTokenizer",
    "ByteLevelBPE",
    "Frame",
    "SpecialTokens",
    "UnknownToken",
    "Vocabulary",
    "WordPiece",
]
