"""ViT as transformers has it: under two sets of names.

Version 5 renamed the parts of a layer in memory; files, also those that it writes, keep
the old names.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from utils.models.vit import ViTConfig, ViTForImageClassification, ViTModel, by, sides
from utils.pretrained.hugging_face import (
    HFModel,
    Unsupported,
    activation,
    builder,
    require,
)
from utils.pretrained.key_map import Drop, Fuse, KeyMap, Rename

LAYER = KeyMap(
    Rename("layernorm_before.{p}", "norm1.{p}"),
    Fuse("attention.{q_proj,k_proj,v_proj}.{p}", "attention.qkv_proj.{p}"),
    Rename("attention.o_proj.{p}", "attention.out_proj.{p}"),
    Rename("layernorm_after.{p}", "norm2.{p}"),
    Rename("mlp.fc1.{p}", "feed_forward.fc1.{p}"),
    Rename("mlp.fc2.{p}", "feed_forward.fc2.{p}"),
).under("layers.{i}.", "encoder.blocks.{i}.")
FILE_LAYER = KeyMap(
    Rename("layernorm_before.{p}", "norm1.{p}"),
    Fuse("attention.attention.{query,key,value}.{p}", "attention.qkv_proj.{p}"),
    Rename("attention.output.dense.{p}", "attention.out_proj.{p}"),
    Rename("layernorm_after.{p}", "norm2.{p}"),
    Rename("intermediate.dense.{p}", "feed_forward.fc1.{p}"),
    Rename("output.dense.{p}", "feed_forward.fc2.{p}"),
).under("encoder.layer.{i}.", "encoder.blocks.{i}.")
AROUND = KeyMap(
    Rename("embeddings.cls_token", "embeddings.cls_token"),
    Rename("embeddings.position_embeddings", "embeddings.positions"),
    Rename("embeddings.patch_embeddings.projection.{p}", "embeddings.projection.{p}"),
    Rename("layernorm.{p}", "norm.{p}"),
    Rename("pooler.dense.{p}", "pooler.dense.{p}"),
)
VIT = AROUND + LAYER
VIT_FILE = AROUND + FILE_LAYER + LAYER  # either; inverted, the names of files
CLASSIFIER = KeyMap(
    Drop("vit.pooler.dense.{p}"),  # files of pre-trained models have one
    Rename("classifier.{p}", "head.out_proj.{p}"),
)


def config_from_hf(hf: Any) -> ViTConfig:
    """Our configuration from a `transformers.ViTConfig`.

    Raises:
        Unsupported: attention without biases, another pooler than BERT's, or patches
            that leave a part of the image unseen.
    """
    require(hf, qkv_bias=True, pooler_act="tanh", pooler_output_size=hf.hidden_size)
    image, patch = sides(hf.image_size), sides(hf.patch_size)
    if image[0] % patch[0] or image[1] % patch[1]:
        raise Unsupported(f"image_size {by(image)} with patch_size {by(patch)}")
    return ViTConfig(
        image=image,
        patch=patch,
        channels=hf.num_channels,
        width=hf.hidden_size,
        layers=hf.num_hidden_layers,
        heads=hf.num_attention_heads,
        inner_width=hf.intermediate_size,
        activation=activation(hf.hidden_act),
        eps=hf.layer_norm_eps,
        dropout=hf.hidden_dropout_prob,
        attention_dropout=hf.attention_probs_dropout_prob,
        init_std=hf.initializer_range,
    )


_build = partial(builder, config_from_hf)

HF_MODELS = {
    "ViTModel": HFModel(_build(ViTModel), VIT, VIT_FILE),
    "ViTForImageClassification": HFModel(
        _build(ViTForImageClassification, classes=True),
        CLASSIFIER + VIT.under("vit.", "backbone."),
        CLASSIFIER + VIT_FILE.under("vit.", "backbone."),
    ),
}
