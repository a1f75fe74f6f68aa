"""Real weights: of transformers models and folders, installed ones, the course's."""

from utils.pretrained.course_weights import load
from utils.pretrained.hugging_face import Unsupported, from_hf

__all__ = ["Unsupported", "from_hf", "load"]
