"""BART as transformers has it: one token table under three names or four.

Pegasus has the same names, except for where its norms stand.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from utils.models.bart import (
    BartConfig,
    BartForConditionalGeneration,
    BartForQuestionAnswering,
    BartForSequenceClassification,
    BartModel,
)
from utils.pretrained.families import bert
from utils.pretrained.hugging_face import HFModel, activation, builder, require
from utils.pretrained.key_map import Fuse, KeyMap, Rename, Reshape, Tie

ENCODER_LAYER = KeyMap(
    Fuse("self_attn.{q_proj,k_proj,v_proj}.{p}", "attention.qkv_proj.{p}"),
    Rename("self_attn.out_proj.{p}", "attention.out_proj.{p}"),
    Rename("self_attn_layer_norm.{p}", "norm1.{p}"),
    Rename("fc1.{p}", "feed_forward.fc1.{p}"),
    Rename("fc2.{p}", "feed_forward.fc2.{p}"),
    Rename("final_layer_norm.{p}", "norm2.{p}"),
)
DECODER_LAYER = ENCODER_LAYER + KeyMap(
    Rename("encoder_attn.q_proj.{p}", "cross_attention.q_proj.{p}"),
    Fuse("encoder_attn.{k_proj,v_proj}.{p}", "cross_attention.kv_proj.{p}"),
    Rename("encoder_attn.out_proj.{p}", "cross_attention.out_proj.{p}"),
    Rename("encoder_attn_layer_norm.{p}", "norm_cross.{p}"),
)
SIDE = KeyMap(
    Rename("embed_positions.weight", "embeddings.positions.weight"),
    Rename("layernorm_embedding.{p}", "embeddings.norm.{p}"),  # BART has this one,
    Rename("layer_norm.{p}", "stack.norm.{p}"),  # Pegasus this one
)
MODEL = (
    KeyMap(
        Rename("shared.weight", "token.weight"),
        Tie("encoder.embed_tokens.weight", "shared.weight"),
        Tie("decoder.embed_tokens.weight", "shared.weight"),
    )
    + SIDE.under("encoder.", "encoder.")
    + SIDE.under("decoder.", "decoder.")
    + ENCODER_LAYER.under("encoder.layers.{i}.", "encoder.stack.blocks.{i}.")
    + DECODER_LAYER.under("decoder.layers.{i}.", "decoder.stack.blocks.{i}.")
)
TASK = MODEL.under("model.", "backbone.")
GENERATION = TASK + KeyMap(
    Tie("lm_head.weight", "model.shared.weight"),
    Reshape("final_logits_bias", "bias", shape=(-1,), original=(1, -1)),
)
CLASSIFIER = KeyMap(
    Rename("classification_head.dense.{p}", "head.dense.{p}"),
    Rename("classification_head.out_proj.{p}", "head.out_proj.{p}"),
)


def sizes_from_hf(hf: Any) -> dict[str, Any]:
    """What a `transformers.BartConfig` and a `PegasusConfig` have in common.

    Raises:
        Unsupported: untied tables, skipped layers, or a decoder whose heads or
            feed-forward are of another size than the encoder's.
    """
    require(
        hf,
        tie_word_embeddings=True,
        is_decoder=False,
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
        decoder_attention_heads=hf.encoder_attention_heads,
        decoder_ffn_dim=hf.encoder_ffn_dim,
    )
    return {
        "vocabulary": hf.vocab_size,
        "width": hf.d_model,
        "layers": hf.encoder_layers,
        "decoder_layers": hf.decoder_layers,
        "heads": hf.encoder_attention_heads,
        "inner_width": hf.encoder_ffn_dim,
        "positions": hf.max_position_embeddings,
        "activation": activation(hf.activation_function),
        "scale_embedding": hf.scale_embedding,
        "dropout": hf.dropout,
        "attention_dropout": hf.attention_dropout,
        "inner_dropout": hf.activation_dropout,
        "init_std": hf.init_std,
        "padding": hf.pad_token_id,
        "start": hf.decoder_start_token_id,
        "end": hf.eos_token_id,
    }


def config_from_hf(hf: Any) -> BartConfig:
    """Our configuration from a `transformers.BartConfig`; raises as `sizes_from_hf`."""
    return BartConfig(**sizes_from_hf(hf), head_dropout=hf.classifier_dropout)


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "BartModel": HFModel(_build(BartModel), MODEL),
    "BartForConditionalGeneration": HFModel(
        _build(BartForConditionalGeneration), GENERATION
    ),
    "BartForSequenceClassification": HFModel(
        _build(BartForSequenceClassification, classes=True), TASK + CLASSIFIER
    ),
    "BartForQuestionAnswering": HFModel(
        _build(BartForQuestionAnswering), TASK + bert.SPAN
    ),
}
