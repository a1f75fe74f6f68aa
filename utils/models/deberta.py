"""DeBERTa: content and position kept apart (He et al. 2021, arXiv 2006.03654), and its
third version, which shares their projections (He et al. 2023, arXiv 2111.09543)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from torch import Tensor, nn

from utils.models.output import ModelOutput
from utils.models.tasks import (
    MaskedLM,
    QuestionAnswering,
    SequenceClassification,
    TokenClassification,
)
from utils.nn.blocks import TransformerBlock, TransformerStack
from utils.nn.embeddings import TokenEmbedding, TransformerEmbeddings
from utils.nn.feed_forward import FeedForward
from utils.nn.heads import ClassificationHead, MaskedLMHead
from utils.nn.init import normal_init
from utils.nn.masks import padding_mask
from utils.nn.relative_attention import (
    DisentangledSelfAttention,
    DistanceTable,
    SharedDisentangledSelfAttention,
)
from utils.pretrained.hugging_face import HFModel, Unsupported, activation, require
from utils.pretrained.key_map import Drop, Fuse, KeyMap, Rename, Reshape, Tie


@dataclass(frozen=True)
class DebertaConfig:
    """DeBERTa-base unless changed; `DEBERTA_V3_BASE` is below."""

    vocabulary: int = 50_265
    width: int = 768
    layers: int = 12
    heads: int = 12
    inner_width: int = 3072
    reach: int = 512
    """distances beyond are clamped; there is no limit to the length"""
    buckets: int = 0
    """of distances on either side, 0 to tell all apart"""
    shared: bool = False
    """one set of projections for content and positions (v2, v3)"""
    segments: int = 0
    activation: str = "gelu"
    pooler_activation: str = "gelu"
    eps: float = 1e-7
    dropout: float = 0.1
    attention_dropout: float = 0.1
    pooler_dropout: float = 0.0
    init_std: float = 0.02


DEBERTA_V3_BASE = replace(DebertaConfig(), vocabulary=128_100, buckets=256, shared=True)


def build_block(config: DebertaConfig) -> TransformerBlock:
    """One layer: BERT's, with disentangled attention."""
    kind = (
        SharedDisentangledSelfAttention if config.shared else DisentangledSelfAttention
    )
    return TransformerBlock(
        kind(
            config.width,
            config.heads,
            dropout=config.attention_dropout,
            position_dropout=config.dropout,
        ),
        FeedForward(config.width, config.inner_width, config.activation),
        partial(nn.LayerNorm, config.width, eps=config.eps),
        norm_first=False,
        dropout=config.dropout,
    )


class DebertaModel(nn.Module):
    """Tokens without positions, a table of distances and blocks that all read it."""

    def __init__(self, config: DebertaConfig):
        super().__init__()
        self.config = config
        norm = partial(nn.LayerNorm, config.width, eps=config.eps)
        self.embeddings = TransformerEmbeddings(
            TokenEmbedding(config.vocabulary, config.width),
            segments=config.segments,
            norm=norm(),
            dropout=config.dropout,
        )
        self.distances = DistanceTable(
            config.width,
            config.reach,
            buckets=config.buckets,
            norm=norm() if config.shared else None,
        )
        self.encoder = TransformerStack(
            [build_block(config) for _ in range(config.layers)]
        )
        self.apply(partial(normal_init, std=config.init_std))

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        output_attentions: bool = False,
    ) -> ModelOutput:
        """Encode a batch.

        Args:
            input_ids: (batch, time)
            attention_mask: (batch, time), 1 for tokens and 0 for padding. What stands
                at padding in the output means nothing, and isn't what transformers has
                there: it lets padding attend to all tokens alike.
            token_type_ids: (batch, time), read only if the model has segments.

        Raises:
            ValueError: an id outside the vocabulary, or a mask of another shape.
        """
        x = self.embeddings(input_ids, None, token_type_ids)
        mask = None
        if attention_mask is not None:
            mask = padding_mask(attention_mask, tuple(input_ids.shape))
        x, hidden, weights = self.encoder(
            x,
            mask=mask,
            positions=self.distances(input_ids.shape[1]),
            need_weights=output_attentions,
        )
        return ModelOutput(
            last_hidden_state=x,
            hidden_states=tuple(hidden),
            attentions=tuple(w for (w,) in weights) if output_attentions else None,
        )


class DebertaForMaskedLM(MaskedLM):
    """The token at each position.

    Without the paper's enhanced mask decoder (§3.2), which adds absolute positions
    before the last layer: transformers has none either.
    """

    def __init__(self, config: DebertaConfig):
        head = MaskedLMHead(
            config.width,
            config.vocabulary,
            activation=config.activation,
            eps=config.eps,
        )
        super().__init__(DebertaModel(config), head)


class DebertaForSequenceClassification(SequenceClassification):
    """One label for a sentence or a pair, from the first position's vector."""

    def __init__(self, config: DebertaConfig, classes: int = 2):
        head = ClassificationHead(
            config.width,
            classes,
            hidden=True,
            activation=config.pooler_activation,
            dropout=config.dropout,
            drop_first=False,
        )
        super().__init__(DebertaModel(config), head, pooled=False)


class DebertaForTokenClassification(TokenClassification):
    """One label for each token."""

    def __init__(self, config: DebertaConfig, classes: int = 2):
        super().__init__(DebertaModel(config), classes)


class DebertaForQuestionAnswering(QuestionAnswering):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, config: DebertaConfig):
        super().__init__(DebertaModel(config))


# Hugging Face's names on the left, ours on the right.

AFTER_ATTENTION = KeyMap(
    Rename("attention.output.dense.{p}", "attention.out_proj.{p}"),
    Rename("attention.output.LayerNorm.{p}", "norm1.{p}"),
    Rename("intermediate.dense.{p}", "feed_forward.fc1.{p}"),
    Rename("output.dense.{p}", "feed_forward.fc2.{p}"),
    Rename("output.LayerNorm.{p}", "norm2.{p}"),
)
SHARED_ATTENTION = KeyMap(
    Fuse("attention.self.{query,key,value}_proj.{p}", "attention.qkv_proj.{p}"),
)
HEAD = KeyMap(
    Rename("dense.{p}", "head.dense.{p}"),
    Rename("LayerNorm.{p}", "head.norm.{p}"),
)
OLD_LM_HEAD = HEAD.under("cls.predictions.transform.", "") + KeyMap(
    Rename("cls.predictions.bias", "head.bias"),
    Tie("cls.predictions.decoder.weight", "deberta.embeddings.word_embeddings.weight"),
    Tie("cls.predictions.decoder.bias", "cls.predictions.bias"),
)
LM_HEAD = HEAD.under("lm_predictions.lm_head.", "") + KeyMap(
    Rename("lm_predictions.lm_head.bias", "head.bias")
)
POOLED_CLASSIFIER = KeyMap(
    Rename("pooler.dense.{p}", "head.dense.{p}"),
    Rename("classifier.{p}", "head.out_proj.{p}"),
)
CLASSIFIER = KeyMap(Rename("classifier.{p}", "head.out_proj.{p}"))
SPAN = KeyMap(Rename("qa_outputs.{p}", "head.out_proj.{p}"))


def own_attention(width: int, heads: int) -> KeyMap:
    """The first version's attention: query, key and value take turns by head."""
    return KeyMap(
        Reshape(
            "attention.self.in_proj.weight",
            "attention.qkv_proj.weight",
            shape=(3 * width, width),
            original=(3 * width, width),
            seen=(heads, 3, width // heads, width),
            permute=(1, 0, 2, 3),
        ),
        Rename("attention.self.q_bias", "attention.q_bias"),
        Rename("attention.self.v_bias", "attention.v_bias"),
        Rename("attention.self.pos_proj.{p}", "attention.position_k_proj.{p}"),
        Rename("attention.self.pos_q_proj.{p}", "attention.position_q_proj.{p}"),
    )


def encoder_keys(hf: Any) -> KeyMap:
    """The map of the base model."""
    shared = hf.model_type == "deberta-v2"
    layer = (
        SHARED_ATTENTION
        if shared
        else own_attention(hf.hidden_size, hf.num_attention_heads)
    )
    return KeyMap(
        Rename("embeddings.word_embeddings.weight", "embeddings.token.weight"),
        Rename("embeddings.token_type_embeddings.weight", "embeddings.segment.weight"),
        Rename("embeddings.LayerNorm.{p}", "embeddings.norm.{p}"),
        Rename("encoder.rel_embeddings.weight", "distances.table.weight"),
        Rename("encoder.LayerNorm.{p}", "distances.norm.{p}"),
        Drop("embeddings.position_ids"),
    ) + (layer + AFTER_ATTENTION).under("encoder.layer.{i}.", "encoder.blocks.{i}.")


def config_from_hf(hf: Any) -> DebertaConfig:
    """Our configuration from a `transformers.DebertaConfig` or `DebertaV2Config`.

    Raises:
        Unsupported: without relative attention, with absolute positions beside it, or
            one of the variants that no released base model has.
    """
    require(
        hf,
        relative_attention=True,
        position_biased_input=False,
        talking_head=False,
        embedding_size=hf.hidden_size,
        pooler_hidden_size=hf.hidden_size,
    )
    if sorted(hf.pos_att_type or ()) != ["c2p", "p2c"]:
        raise Unsupported(
            f"{type(hf).__name__} with pos_att_type={hf.pos_att_type!r}; "
            "only c2p and p2c together are supported"
        )
    shared = hf.model_type == "deberta-v2"
    if shared:
        released = {"share_att_key": True, "norm_rel_ebd": "layer_norm"}
        found = {name: getattr(hf, name, None) for name in released}
        if found != released:
            raise Unsupported(
                f"{type(hf).__name__} with {found}; only {released} is supported"
            )
        require(hf, conv_kernel_size=0)
    return DebertaConfig(
        vocabulary=hf.vocab_size,
        width=hf.hidden_size,
        layers=hf.num_hidden_layers,
        heads=hf.num_attention_heads,
        inner_width=hf.intermediate_size,
        reach=(
            hf.max_relative_positions
            if hf.max_relative_positions > 0
            else hf.max_position_embeddings
        ),
        buckets=max(getattr(hf, "position_buckets", 0), 0) if shared else 0,
        shared=shared,
        segments=hf.type_vocab_size,
        activation=activation(hf.hidden_act),
        pooler_activation=activation(hf.pooler_hidden_act),
        eps=hf.layer_norm_eps,
        dropout=hf.hidden_dropout_prob,
        attention_dropout=hf.attention_probs_dropout_prob,
        init_std=hf.initializer_range,
    )


def _task(model: Any, head: KeyMap | None = None, *, classes: bool = False) -> HFModel:
    def build(hf: Any) -> nn.Module:
        if model is DebertaForQuestionAnswering:
            require(hf, num_labels=2)
        config = config_from_hf(hf)
        return model(config, hf.num_labels) if classes else model(config)

    def keys(hf: Any) -> KeyMap:
        chosen = (OLD_LM_HEAD if hf.legacy else LM_HEAD) if head is None else head
        return encoder_keys(hf).under("deberta.", "backbone.") + chosen

    return HFModel(build, keys)


_CLASSES = {
    "Model": HFModel(lambda hf: DebertaModel(config_from_hf(hf)), encoder_keys),
    "ForMaskedLM": _task(DebertaForMaskedLM),
    "ForSequenceClassification": _task(
        DebertaForSequenceClassification, POOLED_CLASSIFIER, classes=True
    ),
    "ForTokenClassification": _task(
        DebertaForTokenClassification, CLASSIFIER, classes=True
    ),
    "ForQuestionAnswering": _task(DebertaForQuestionAnswering, SPAN),
}
HF_MODELS = {
    version + name: entry
    for version in ("Deberta", "DebertaV2")
    for name, entry in _CLASSES.items()
}
