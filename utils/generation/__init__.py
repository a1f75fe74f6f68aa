"""Writing text with a model: which token next, and one after the other."""

from utils.generation.decoding import Beams, beam_search, greedy, length_penalty, sample

__all__ = ["Beams", "beam_search", "greedy", "length_penalty", "sample"]
