"""Real weights: from transformers models and folders, and one that is installed."""

from utils.pretrained.hugging_face import Unsupported, from_hf

__all__ = ["Unsupported", "from_hf"]
