"""XLNet as transformers has it: projections are cut into heads.

They are (width, heads, head width), into heads and out of them alike; biases (heads,
head width), as ours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from utils.models.xlnet import (
    XLNetConfig,
    XLNetForQuestionAnswering,
    XLNetForSequenceClassification,
    XLNetForTokenClassification,
    XLNetLMHeadModel,
    XLNetModel,
)
from utils.pretrained.families import bert
from utils.pretrained.hugging_face import HFModel, activation, builder, require
from utils.pretrained.key_map import KeyMap, Rename, Reshape, Tie

LAYER = KeyMap(
    Rename("rel_attn.r_w_bias", "attention.content_bias"),
    Rename("rel_attn.r_r_bias", "attention.distance_bias"),
    Rename("rel_attn.r_s_bias", "attention.segment_bias"),
    Rename("rel_attn.seg_embed", "attention.segment"),
    Rename("rel_attn.layer_norm.{p}", "norm1.{p}"),
    Rename("ff.layer_1.{p}", "feed_forward.fc1.{p}"),
    Rename("ff.layer_2.{p}", "feed_forward.fc2.{p}"),
    Rename("ff.layer_norm.{p}", "norm2.{p}"),
)
LM_HEAD = KeyMap(
    Rename("lm_loss.bias", "bias"),
    Tie("lm_loss.weight", "transformer.word_embedding.weight"),
)
CLASSIFIER = KeyMap(
    Rename("sequence_summary.summary.{p}", "head.dense.{p}"),
    Rename("logits_proj.{p}", "head.out_proj.{p}"),
)


def projections(width: int, heads: int) -> KeyMap:
    """Into heads, (width, heads, head width) -> (width, width), and out of them."""
    cut = (width, heads, width // heads)
    names = {"q": "q_proj", "k": "k_proj", "v": "v_proj", "r": "distance_proj"}
    return KeyMap(
        Reshape("rel_attn.o", "attention.out_proj.weight", (width, width), cut),
        *(
            Reshape(
                f"rel_attn.{theirs}",
                f"attention.{ours}.weight",
                (width, width),
                cut,
                permute=(1, 2, 0),
            )
            for theirs, ours in names.items()
        ),
    )


def model_keys(hf: Any) -> KeyMap:
    """The map of the base model."""
    layer = projections(hf.d_model, hf.n_head) + LAYER
    return KeyMap(
        Rename("word_embedding.weight", "embeddings.token.weight"),
        Reshape("mask_emb", "query_vector", (-1,), (1, 1, hf.d_model)),
    ) + layer.under("layer.{i}.", "blocks.{i}.")


def config_from_hf(hf: Any) -> XLNetConfig:
    """Our configuration from a `transformers.XLNetConfig`.

    Raises:
        Unsupported: causal, clamped or doubled positions (Transformer-XL's options).
    """
    require(hf, attn_type="bi", bi_data=False, same_length=False, clamp_len=-1)
    return XLNetConfig(
        vocabulary=hf.vocab_size,
        width=hf.d_model,
        layers=hf.n_layer,
        heads=hf.n_head,
        inner_width=hf.d_inner,
        activation=activation(hf.ff_activation),
        eps=hf.layer_norm_eps,
        dropout=hf.dropout,
        classifier_dropout=hf.summary_last_dropout,
        init_std=hf.initializer_range,
    )


def task_keys(head: KeyMap) -> Callable[[Any], KeyMap]:
    """The map of the base model and a head."""
    return lambda hf: model_keys(hf).under("transformer.", "backbone.") + head


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "XLNetModel": HFModel(_build(XLNetModel), model_keys),
    "XLNetLMHeadModel": HFModel(
        _build(XLNetLMHeadModel),
        task_keys(LM_HEAD),
    ),
    "XLNetForSequenceClassification": HFModel(
        _build(
            XLNetForSequenceClassification,
            classes=True,
            summary_type="last",
            summary_use_proj=True,
            summary_activation="tanh",
        ),
        task_keys(CLASSIFIER),
    ),
    "XLNetForTokenClassification": HFModel(
        _build(XLNetForTokenClassification, classes=True),
        task_keys(bert.CLASSIFIER),
    ),
    "XLNetForQuestionAnsweringSimple": HFModel(
        _build(XLNetForQuestionAnswering, num_labels=2), task_keys(bert.SPAN)
    ),
}
