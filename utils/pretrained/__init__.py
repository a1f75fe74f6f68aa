"""Real weights: of transformers models and folders, installed ones, the course's.

``from_hf`` makes our model of one of transformers', from memory or from a folder
(``hugging_face``); what it calls the parameters of a family is said in ``families``, a
module for each architecture, in the rules of ``key_map``. ``minilm`` is a real encoder
that is installed with the package, ``load`` gives the small models that the course has
trained itself (``course_weights``).
"""

from utils.pretrained.course_weights import load
from utils.pretrained.hugging_face import Unsupported, from_hf

__all__ = ["Unsupported", "from_hf", "load"]
