"""Models that read: forward passes, packed batches, and BERT's pre-training."""

from __future__ import annotations

from typing import Any

import pairs
import torch
from contest import Contest, Race
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    AlbertConfig,
    AlbertModel,
    BertConfig,
    BertForPreTraining,
    BertModel,
    DebertaConfig,
    DebertaModel,
    ViTConfig,
    ViTForImageClassification,
    XLNetConfig,
    XLNetModel,
)

from utils.objectives.language_modeling import token_loss
from utils.objectives.masked_lm import mask_tokens

TINY = {
    "vocab_size": 31,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
TINY_XLNET = {"vocab_size": 31, "d_model": 16, "n_layer": 1, "n_head": 2, "d_inner": 32}
DEBERTA_BASE = {
    "vocab_size": 50_265,
    "type_vocab_size": 0,
    "relative_attention": True,
    "max_relative_positions": -1,
    "position_biased_input": False,
    "pos_att_type": ["c2p", "p2c"],
    "pad_token_id": 0,
}
ALBERT_BASE = {
    "hidden_size": 768,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}


def read(
    tiny: bool,
    hf_class: type,
    config: type,
    sizes: dict[str, Any],
    batch: int,
    time: int,
    tiny_sizes: dict[str, Any] = TINY,
) -> Contest:
    """Hidden states of a batch without padding.

    Args:
        hf_class, config: transformers' classes.
        sizes: of the model, where the configuration's class has others.
        tiny_sizes: those of a tiny one that differ.
    """
    batch, time = (2, 8) if tiny else (batch, time)
    found = config(**sizes | (tiny_sizes if tiny else {}))
    inputs = {"input_ids": pairs.ids(found.vocab_size, batch, time)}
    return pairs.forward(hf_class, found, inputs, "last_hidden_state")


def bert_packed(tiny: bool) -> Contest:
    """Hidden states of a batch of all lengths, so that half of it is padding."""
    config = BertConfig(**(TINY if tiny else {}))
    batch, time = (4, 8) if tiny else (8, 128)
    ids = pairs.ids(config.vocab_size, batch, time)
    lengths = (time * torch.arange(batch, 0, -1) / batch).long()
    lengths = lengths - time // batch // 2
    mask = (torch.arange(time) < lengths[:, None]).long()
    contest = pairs.forward(
        BertModel,
        config,
        {"input_ids": ids * mask, "attention_mask": mask},
        "last_hidden_state",
        our_options={"packed": True},
        compared=mask.bool(),
    )
    contest.work = int(mask.sum())
    return contest


def bert_pre_training(tiny: bool) -> Contest:
    """Both objectives; we score the chosen tokens only, transformers all."""
    config = BertConfig(**(TINY if tiny else {}), **NO_DROPOUT)
    batch, time = (2, 16) if tiny else (8, 128)
    masked = mask_tokens(
        pairs.ids(config.vocab_size, batch, time),
        special_ids=range(5),
        mask_id=4,
        vocabulary=config.vocab_size,
    )
    follows = torch.randint(2, (batch,))

    def our_loss(model: nn.Module) -> Tensor:
        found = model(masked.input_ids, scored=masked.chosen)
        loss = token_loss(found.prediction_logits, masked.labels)
        return loss + F.cross_entropy(found.seq_relationship_logits, follows)

    def their_loss(model: nn.Module) -> Tensor:
        return model(
            masked.input_ids, labels=masked.labels, next_sentence_label=follows
        ).loss

    sizes = {"batch": batch, "time": time, "chosen": int(masked.chosen.sum())}
    return pairs.training(
        BertForPreTraining, config, our_loss, their_loss, batch * time, sizes
    )


def vit(tiny: bool) -> Contest:
    """Classes of images."""
    small = {k: v for k, v in TINY.items() if k != "vocab_size"} | {"image_size": 32}
    config = ViTConfig(**(small if tiny else {}), num_labels=1000)
    images = torch.randn(2 if tiny else 4, 3, config.image_size, config.image_size)
    return pairs.forward(
        ViTForImageClassification, config, {"pixel_values": images}, "logits", "images"
    )


CASES = [
    Race(
        "bert-forward",
        "BERT-base: forward, no padding",
        1.0,
        lambda tiny: read(tiny, BertModel, BertConfig, {}, 8, 128),
    ),
    Race(
        "bert-forward-packed",
        "BERT-base: forward, half of the batch is padding; ours packed",
        1.4,
        bert_packed,
    ),
    Race(
        "bert-pre-training",
        "BERT-base: a step of pre-training; ours scores the chosen tokens only",
        1.3,
        bert_pre_training,
    ),
    Race(
        "deberta-forward",
        "DeBERTa-base: forward at length 512",
        1.3,
        lambda tiny: read(tiny, DebertaModel, DebertaConfig, DEBERTA_BASE, 1, 512),
    ),
    Race(
        "xlnet-forward",
        "XLNet-base: forward at length 512",
        1.3,
        lambda tiny: read(
            tiny,
            XLNetModel,
            XLNetConfig,
            {"d_model": 768, "n_layer": 12, "n_head": 12, "d_inner": 3072},
            1,
            512,
            TINY_XLNET,
        ),
    ),
    Race(
        "albert-forward",
        "ALBERT-base: forward",
        1.1,
        lambda tiny: read(
            tiny,
            AlbertModel,
            AlbertConfig,
            ALBERT_BASE,
            8,
            128,
            TINY | {"embedding_size": 8},
        ),
    ),
    Race("vit-forward", "ViT-B/16: forward, images of 224 × 224", 1.0, vit),
]
