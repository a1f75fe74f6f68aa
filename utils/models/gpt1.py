"""GPT-1: pre-train on the next token, then fine-tune (Radford et al. 2018).

"Improving Language Understanding by Generative Pre-Training". GPT-2 is the same with
the normalisations moved in front of the sublayers and one more at the end, so the model
is GPT-2's here, with `norm_first=False`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from utils.models.gpt2 import LAYER, GPT2Config, GPT2LMHeadModel, GPT2Model
from utils.pretrained.hugging_face import HFModel, activation
from utils.pretrained.key_map import Drop, KeyMap, Rename, Tie

GPT1 = replace(GPT2Config(), vocabulary=40_478, positions=512)


class GPT1Model(GPT2Model):
    """Embeddings and causal blocks, normalised after each sum."""

    def __init__(self, config: GPT2Config):
        super().__init__(config, norm_first=False)


class GPT1LMHeadModel(GPT2LMHeadModel):
    """The next token at every position, scored by the token table itself."""

    def __init__(self, config: GPT2Config):
        super().__init__(config, norm_first=False)


# Hugging Face's names on the left, ours on the right; in a layer they are GPT-2's.

DECODER = KeyMap(
    Rename("tokens_embed.weight", "embeddings.token.weight"),
    Rename("positions_embed.weight", "embeddings.positions.weight"),
    Drop("position_ids"),
) + LAYER.under("h.{i}.", "decoder.blocks.{i}.")
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
        # What this class calls gelu is the tanh approximation.
        activation=activation("gelu_new" if hf.afn == "gelu" else hf.afn),
        eps=hf.layer_norm_epsilon,
        dropout=hf.resid_pdrop,
        attention_dropout=hf.attn_pdrop,
        init_std=hf.initializer_range,
    )


HF_MODELS = {
    "OpenAIGPTModel": HFModel(lambda hf: GPT1Model(config_from_hf(hf)), DECODER),
    "OpenAIGPTLMHeadModel": HFModel(lambda hf: GPT1LMHeadModel(config_from_hf(hf)), LM),
}
