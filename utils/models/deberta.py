"""DeBERTa: content and position kept apart (He et al. 2021, arXiv 2006.03654), and its
third version, which shares their projections (He et al. 2023, arXiv 2111.09543)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn

from utils.models.output import ModelOutput
from utils.models.tasks import (
    MaskedLM,
    QuestionAnswering,
    SequenceClassification,
    TokenClassification,
)
from utils.nn.blocks import TransformerBlock, TransformerStack
from utils.nn.embeddings import (
    TokenEmbedding,
    TransformerEmbeddings,
    batch_and_time,
)
from utils.nn.feed_forward import FeedForward
from utils.nn.heads import ClassificationHead, MaskedLMHead
from utils.nn.init import normal_init
from utils.nn.masks import padding_mask
from utils.nn.relative_attention import (
    DisentangledSelfAttention,
    DistanceTable,
    SharedDisentangledSelfAttention,
)


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
            ValueError: ids not (batch, time) or outside the vocabulary, or a mask of
                another shape.
        """
        batch, time = batch_and_time(input_ids)
        x = self.embeddings(input_ids, None, token_type_ids)  # (batch, time, width)
        mask = padding_mask(attention_mask, (batch, time))
        x, hidden, weights = self.encoder(
            x,
            mask=mask,
            positions=self.distances(time),
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
        super().__init__(DebertaModel(config), head, position=0)


class DebertaForTokenClassification(TokenClassification):
    """One label for each token."""

    def __init__(self, config: DebertaConfig, classes: int = 2):
        super().__init__(DebertaModel(config), classes)


class DebertaForQuestionAnswering(QuestionAnswering):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, config: DebertaConfig):
        super().__init__(DebertaModel(config))
