"""ALBERT: one block for all layers, a narrow token table (Lan et al. 2020, 1909.11942).

Fewer parameters, not less work: the shared block still runs at every depth. The pair
question is sentence order, which topic alone can't answer (§3.1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import nn

from utils.models.bert import BertConfig, BertModel, build_block
from utils.models.tasks import (
    MaskedLM,
    PairPreTraining,
    QuestionAnswering,
    SequenceClassification,
    TokenClassification,
)
from utils.nn.blocks import TransformerStack
from utils.nn.embeddings import TokenEmbedding, TransformerEmbeddings
from utils.nn.heads import ClassificationHead, MaskedLMHead
from utils.nn.positions import LearnedPositions


@dataclass(frozen=True)
class AlbertConfig(BertConfig):
    """ALBERT-base of version 2 unless changed; `ALBERT_XXLARGE` is below.

    `groups` blocks are learned; each runs at `layers / groups` depths in a row.
    """

    vocabulary: int = 30_000
    embedding_width: int = 128
    groups: int = 1
    activation: str = "gelu_tanh"
    dropout: float = 0.0
    attention_dropout: float = 0.0


ALBERT_XXLARGE = replace(AlbertConfig(), width=4096, heads=64, inner_width=16_384)


def build_embeddings(config: AlbertConfig) -> TransformerEmbeddings:
    """Tables of `embedding_width`, then a projection to the model's width (§3.1)."""
    narrow = config.embedding_width
    return TransformerEmbeddings(
        TokenEmbedding(config.vocabulary, narrow),
        LearnedPositions(config.positions, narrow),
        segments=config.segments,
        norm=nn.LayerNorm(narrow, eps=config.eps),
        dropout=config.dropout,
        projection=nn.Linear(narrow, config.width),
    )


def build_encoder(config: AlbertConfig) -> TransformerStack:
    """Sharing is an order: with one group, block 0 at every depth.

    Raises:
        ValueError: more groups than layers, or none.
    """
    if not 1 <= config.groups <= config.layers:
        raise ValueError(
            f"{config.layers} layers can't be in {config.groups} groups; "
            f"1 to {config.layers} can"
        )
    depths = config.layers / config.groups
    return TransformerStack(
        [build_block(config) for _ in range(config.groups)],
        order=[int(depth / depths) for depth in range(config.layers)],
    )


def masked_lm_head(config: AlbertConfig) -> MaskedLMHead:
    """From the model's width to the narrow token table, which it shares."""
    return MaskedLMHead(
        config.width,
        config.vocabulary,
        embedding_width=config.embedding_width,
        activation=config.activation,
        eps=config.eps,
    )


class AlbertModel(BertModel):
    """BERT with factorised embeddings and shared blocks."""

    config: AlbertConfig

    def __init__(self, config: AlbertConfig, *, pooler: bool = True):
        super().__init__(
            config,
            pooler=pooler,
            embeddings=build_embeddings(config),
            encoder=build_encoder(config),
        )


class AlbertForPreTraining(PairPreTraining):
    """Both objectives: the masked tokens, and which sentence came first."""

    def __init__(self, config: AlbertConfig):
        super().__init__(
            AlbertModel(config),
            masked_lm_head(config),
            ClassificationHead(config.width, 2, dropout=config.classifier_dropout),
            "sop_logits",
        )


class AlbertForMaskedLM(MaskedLM):
    """The masked tokens only."""

    def __init__(self, config: AlbertConfig):
        super().__init__(AlbertModel(config, pooler=False), masked_lm_head(config))


class AlbertForSequenceClassification(SequenceClassification):
    """One label for a sentence or a pair, from the pooled [CLS]."""

    def __init__(self, config: AlbertConfig, classes: int = 2):
        head = ClassificationHead(
            config.width, classes, dropout=config.classifier_dropout
        )
        super().__init__(AlbertModel(config), head)


class AlbertForTokenClassification(TokenClassification):
    """One label for each token."""

    def __init__(self, config: AlbertConfig, classes: int = 2):
        backbone = AlbertModel(config, pooler=False)
        super().__init__(backbone, classes, config.classifier_dropout)


class AlbertForQuestionAnswering(QuestionAnswering):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, config: AlbertConfig):
        super().__init__(AlbertModel(config, pooler=False))
