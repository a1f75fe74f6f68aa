"""T5 as transformers has it: a block's sublayers are numbered, not named.

The feed-forward is number 1 in the encoder and number 2 in the decoder, and its layers
have other names where it is gated.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from utils.models.t5 import (
    T5Config,
    T5EncoderModel,
    T5ForConditionalGeneration,
    T5Model,
)
from utils.pretrained.hugging_face import HFModel, activation, builder, require
from utils.pretrained.key_map import Drop, Fuse, KeyMap, Rename, Rule, Tie

SELF_ATTENTION = KeyMap(
    Fuse("layer.0.SelfAttention.{q,k,v}.weight", "attention.qkv_proj.weight"),
    Rename("layer.0.SelfAttention.o.weight", "attention.out_proj.weight"),
    Rename("layer.0.layer_norm.weight", "norm1.weight"),
)
CROSS_ATTENTION = KeyMap(
    Rename("layer.1.EncDecAttention.q.weight", "cross_attention.q_proj.weight"),
    Fuse("layer.1.EncDecAttention.{k,v}.weight", "cross_attention.kv_proj.weight"),
    Rename("layer.1.EncDecAttention.o.weight", "cross_attention.out_proj.weight"),
    Rename("layer.1.layer_norm.weight", "norm_cross.weight"),
)
SIDE = KeyMap(
    Rename("final_layer_norm.weight", "stack.norm.0.weight"),
    Rename(
        "block.0.layer.0.SelfAttention.relative_attention_bias.weight",
        "relative_positions.weight",
    ),
    # In the first files, of no use: there are no distances between two sequences.
    Drop("block.0.layer.1.EncDecAttention.relative_attention_bias.weight"),
)


def side_keys(name: str, hf: Any) -> KeyMap:
    """The map of the encoder or the decoder, whose name it is."""
    gated, plain = {"wi_0": "gate", "wi_1": "fc1", "wo": "fc2"}, {"wi": "fc1"}
    names = gated if hf.is_gated_act else plain | {"wo": "fc2"}
    inner = KeyMap(
        Rename("layer_norm.weight", "norm2.weight"),
        *(
            Rename(f"DenseReluDense.{theirs}.weight", f"feed_forward.{ours}.weight")
            for theirs, ours in names.items()
        ),
    )
    if name == "encoder":
        block = SELF_ATTENTION + inner.under("layer.1.", "")
    else:
        block = SELF_ATTENTION + CROSS_ATTENTION + inner.under("layer.2.", "")
    blocks = block.under("block.{i}.", "stack.blocks.{i}.")
    return (SIDE + blocks).under(f"{name}.", f"{name}.") + KeyMap(
        Tie(f"{name}.embed_tokens.weight", "shared.weight")
    )


def encoder_keys(hf: Any) -> KeyMap:
    """The map of the encoder alone, with the token table."""
    return KeyMap(Rename("shared.weight", "token.weight")) + side_keys("encoder", hf)


def model_keys(hf: Any) -> KeyMap:
    """The map of the base model."""
    return encoder_keys(hf) + side_keys("decoder", hf)


def generation_keys(hf: Any) -> KeyMap:
    """The map of the whole; the head's table is one of its own in version 1.1."""
    head: Rule = Tie("lm_head.weight", "shared.weight")
    if not hf.scale_decoder_outputs:
        head = Rename("lm_head.weight", "head.weight", default="shared.weight")
    return model_keys(hf).under("", "backbone.") + KeyMap(head)


def config_from_hf(hf: Any) -> T5Config:
    """Our configuration from a `transformers.T5Config`.

    Raises:
        Unsupported: an encoder that is a decoder, or an unknown activation.
    """
    require(hf, is_decoder=False)
    start = getattr(hf, "decoder_start_token_id", None)
    return T5Config(
        vocabulary=hf.vocab_size,
        width=hf.d_model,
        layers=hf.num_layers,
        decoder_layers=hf.num_decoder_layers,
        heads=hf.num_heads,
        head_width=hf.d_kv,
        inner_width=hf.d_ff,
        activation=activation(hf.dense_act_fn),
        gated=hf.is_gated_act,
        # Its way to say that this is version 1.1.
        tied=hf.scale_decoder_outputs,
        buckets=hf.relative_attention_num_buckets,
        max_distance=hf.relative_attention_max_distance,
        eps=hf.layer_norm_epsilon,
        dropout=hf.dropout_rate,
        padding=hf.pad_token_id,
        start=hf.pad_token_id if start is None else start,
        end=hf.eos_token_id,
    )


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "T5Model": HFModel(_build(T5Model), model_keys),
    "T5ForConditionalGeneration": HFModel(
        _build(T5ForConditionalGeneration), generation_keys
    ),
    "T5EncoderModel": HFModel(_build(T5EncoderModel), encoder_keys),
}
