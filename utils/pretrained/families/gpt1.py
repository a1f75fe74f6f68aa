"""GPT-1 as transformers has it, "OpenAI GPT": a layer's names are GPT-2's.

What it calls gelu is the tanh approximation.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from utils.models.gpt1 import (
    GPT1ForSequenceClassification,
    GPT1LMHeadModel,
    GPT1Model,
)
from utils.models.gpt2 import GPT2Config
from utils.pretrained.families import gpt2
from utils.pretrained.hugging_face import HFModel, activation, builder
from utils.pretrained.key_map import Drop, KeyMap, Rename, Tie

DECODER = KeyMap(
    Rename("tokens_embed.weight", "embeddings.token.weight"),
    Rename("positions_embed.weight", "embeddings.positions.weight"),
    Drop("position_ids"),
) + gpt2.LAYER.under("h.{i}.", "decoder.blocks.{i}.")
LM = DECODER.under("transformer.", "backbone.") + KeyMap(
    Tie("lm_head.weight", "transformer.tokens_embed.weight")
)


def config_from_hf(hf: Any) -> GPT2Config:
    """Our configuration from a `transformers.OpenAIGPTConfig`.

    Raises:
        Unsupported: an activation that this package doesn't have.
    """
    return GPT2Config(
        vocabulary=hf.vocab_size,
        width=hf.n_embd,
        layers=hf.n_layer,
        heads=hf.n_head,
        inner_width=4 * hf.n_embd,
        positions=hf.n_positions,
        activation=activation("gelu_new" if hf.afn == "gelu" else hf.afn),
        eps=hf.layer_norm_epsilon,
        dropout=hf.resid_pdrop,
        attention_dropout=hf.attn_pdrop,
        init_std=hf.initializer_range,
        padding=hf.pad_token_id,
    )


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "OpenAIGPTModel": HFModel(_build(GPT1Model), DECODER),
    "OpenAIGPTLMHeadModel": HFModel(_build(GPT1LMHeadModel), LM),
    "OpenAIGPTForSequenceClassification": HFModel(
        _build(GPT1ForSequenceClassification, classes=True),
        DECODER.under("transformer.", "backbone.") + gpt2.CLASSIFIER,
    ),
}
