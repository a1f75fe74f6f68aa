"""GPT-2 as transformers has it: linear layers are Conv1D, with matrices (in, out)."""

from __future__ import annotations

from functools import partial
from typing import Any

from utils.models.gpt2 import (
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    GPT2Model,
)
from utils.pretrained.hugging_face import HFModel, activation, builder, require
from utils.pretrained.key_map import Drop, KeyMap, Rename, Tie

LAYER = KeyMap(
    Rename("ln_1.{p}", "norm1.{p}"),
    Rename("attn.c_attn.{p}", "attention.qkv_proj.{p}", transpose=True),
    Rename("attn.c_proj.{p}", "attention.out_proj.{p}", transpose=True),
    Rename("ln_2.{p}", "norm2.{p}"),
    Rename("mlp.c_fc.{p}", "feed_forward.fc1.{p}", transpose=True),
    Rename("mlp.c_proj.{p}", "feed_forward.fc2.{p}", transpose=True),
    Drop("attn.bias"),
    Drop("attn.masked_bias"),
)
DECODER = KeyMap(
    Rename("wte.weight", "embeddings.token.weight"),
    Rename("wpe.weight", "embeddings.positions.weight"),
    Rename("ln_f.{p}", "decoder.norm.{p}"),
) + LAYER.under("h.{i}.", "decoder.blocks.{i}.")
LM = DECODER.under("transformer.", "backbone.") + KeyMap(
    Tie("lm_head.weight", "transformer.wte.weight")
)
CLASSIFIER = KeyMap(Rename("score.weight", "head.weight"))


def config_from_hf(hf: Any) -> GPT2Config:
    """Our configuration from a `transformers.GPT2Config`.

    Raises:
        Unsupported: attention scaled by depth, upcast or across to an encoder.
    """
    require(
        hf,
        scale_attn_weights=True,
        scale_attn_by_inverse_layer_idx=False,
        reorder_and_upcast_attn=False,
        add_cross_attention=False,
    )
    return GPT2Config(
        vocabulary=hf.vocab_size,
        width=hf.n_embd,
        layers=hf.n_layer,
        heads=hf.n_head,
        inner_width=hf.n_inner or 4 * hf.n_embd,
        positions=hf.n_positions,
        activation=activation(hf.activation_function),
        eps=hf.layer_norm_epsilon,
        dropout=hf.resid_pdrop,
        attention_dropout=hf.attn_pdrop,
        init_std=hf.initializer_range,
        padding=hf.pad_token_id,
    )


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "GPT2Model": HFModel(_build(GPT2Model), DECODER),
    "GPT2LMHeadModel": HFModel(_build(GPT2LMHeadModel), LM),
    "GPT2ForSequenceClassification": HFModel(
        _build(GPT2ForSequenceClassification, classes=True),
        DECODER.under("transformer.", "backbone.") + CLASSIFIER,
    ),
}
