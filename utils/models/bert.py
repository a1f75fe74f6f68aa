"""BERT: an encoder that sees both sides (Devlin et al. 2019, arXiv 1810.04805)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from utils.models.output import ModelOutput
from utils.models.tasks import (
    MaskedLM,
    PairPreTraining,
    QuestionAnswering,
    SequenceClassification,
    TokenClassification,
)
from utils.nn.attention import SelfAttention
from utils.nn.blocks import TransformerBlock, TransformerStack
from utils.nn.embeddings import (
    TokenEmbedding,
    TransformerEmbeddings,
    batch_and_time,
)
from utils.nn.feed_forward import FeedForward
from utils.nn.heads import ClassificationHead, MaskedLMHead, Pooler
from utils.nn.init import normal_init
from utils.nn.masks import padding_mask
from utils.nn.packing import Packing
from utils.nn.positions import LearnedPositions


@dataclass(frozen=True)
class BertConfig:
    """BERT-base unless changed; `BERT_LARGE` is below."""

    vocabulary: int = 30_522
    width: int = 768
    layers: int = 12
    heads: int = 12
    inner_width: int = 3072
    positions: int = 512
    segments: int = 2
    activation: str = "gelu"
    eps: float = 1e-12
    dropout: float = 0.1
    attention_dropout: float = 0.1
    classifier_dropout: float = 0.1
    init_std: float = 0.02


BERT_LARGE = replace(BertConfig(), width=1024, layers=24, heads=16, inner_width=4096)
# Small students of BERT-base (Jiao et al. 2020, arXiv 1909.10351; Wang et al. 2020,
# arXiv 2002.10957): they differ from it in size and in how they were trained only.
TINYBERT_4 = replace(BertConfig(), width=312, layers=4, inner_width=1200)
MINILM_L6 = replace(BertConfig(), width=384, layers=6, inner_width=1536)


def build_block(config: BertConfig) -> TransformerBlock:
    """One layer: attention and feed-forward, normalised after each sum."""
    return TransformerBlock(
        SelfAttention(config.width, config.heads, dropout=config.attention_dropout),
        FeedForward(config.width, config.inner_width, config.activation),
        partial(nn.LayerNorm, config.width, eps=config.eps),
        norm_first=False,
        dropout=config.dropout,
    )


def masked_lm_head(config: BertConfig) -> MaskedLMHead:
    """BERT's head for masked tokens; it shares the token table."""
    return MaskedLMHead(
        config.width,
        config.vocabulary,
        activation=config.activation,
        eps=config.eps,
    )


class BertModel(nn.Module):
    """Embeddings, a stack of blocks and a pooler on [CLS].

    Args:
        config: sizes.
        pooler: leave it out where no head reads it.
        embeddings, encoder: BERT's own unless given (DistilBERT, ALBERT, ELECTRA).
    """

    def __init__(
        self,
        config: BertConfig,
        *,
        pooler: bool = True,
        embeddings: TransformerEmbeddings | None = None,
        encoder: TransformerStack | None = None,
    ):
        super().__init__()
        self.config = config
        self.embeddings = embeddings or TransformerEmbeddings(
            TokenEmbedding(config.vocabulary, config.width),
            LearnedPositions(config.positions, config.width),
            segments=config.segments,
            norm=nn.LayerNorm(config.width, eps=config.eps),
            dropout=config.dropout,
        )
        self.encoder = encoder or TransformerStack(
            [build_block(config) for _ in range(config.layers)]
        )
        self.pooler = Pooler(config.width) if pooler else None
        self.apply(partial(normal_init, std=config.init_std))

    def position_ids(self, input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
        """0, 1, 2, … for every sequence: (time,)."""
        return torch.arange(input_ids.shape[1], device=input_ids.device)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        output_attentions: bool = False,
        packed: bool = False,
    ) -> ModelOutput:
        """Encode a batch.

        Args:
            input_ids: (batch, time)
            attention_mask: (batch, time), 1 for tokens and 0 for padding.
            token_type_ids: (batch, time), the segment of each token.
            packed: spend no time on padding, where the output is then zero.

        Raises:
            ValueError: ids not (batch, time) or outside the vocabulary or the segments,
                more tokens than positions, a mask of another shape than the ids, or
                attentions asked of a packed batch, which has none a sequence.
        """
        shape = batch_and_time(input_ids)
        if position_ids is None:
            position_ids = self.position_ids(input_ids, attention_mask)
        # (batch, time, width), as everything up to the heads
        x = self.embeddings(input_ids, position_ids, token_type_ids)
        mask = padding_mask(attention_mask, shape)
        packing = None
        if packed and attention_mask is not None and mask is not None:
            packing = Packing(attention_mask)
        if packing is not None:
            if output_attentions:
                raise ValueError("packed=True has no attentions to return")
            x, mask = packing.pack(x), packing.mask()
        # hidden: depth + 1 of x's shape; weights: of each block a tuple, here of one
        x, hidden, weights = self.encoder(x, mask=mask, need_weights=output_attentions)
        if packing is not None:
            hidden = [packing.unpack(state) for state in hidden]
            x = hidden[-1]
        return ModelOutput(
            last_hidden_state=x,
            pooler_output=None if self.pooler is None else self.pooler(x),
            hidden_states=tuple(hidden),
            attentions=tuple(w for (w,) in weights) if output_attentions else None,
        )


class BertForPreTraining(PairPreTraining):
    """Both of BERT's objectives: the masked tokens, and does B follow A."""

    def __init__(self, config: BertConfig):
        super().__init__(
            BertModel(config),
            masked_lm_head(config),
            ClassificationHead(config.width, 2),
            "seq_relationship_logits",
        )


class BertForMaskedLM(MaskedLM):
    """The masked tokens only."""

    backbone: BertModel

    def __init__(self, config: BertConfig):
        super().__init__(BertModel(config, pooler=False), masked_lm_head(config))


class BertForNextSentencePrediction(SequenceClassification):
    """Does B follow A: class 0 says yes."""

    def __init__(self, config: BertConfig):
        super().__init__(BertModel(config), ClassificationHead(config.width, 2))


class BertForSequenceClassification(SequenceClassification):
    """One label for a sentence or a pair, from the pooled [CLS]."""

    def __init__(self, config: BertConfig, classes: int = 2):
        head = ClassificationHead(
            config.width, classes, dropout=config.classifier_dropout
        )
        super().__init__(BertModel(config), head)


class BertForTokenClassification(TokenClassification):
    """One label for each token."""

    def __init__(self, config: BertConfig, classes: int = 2):
        backbone = BertModel(config, pooler=False)
        super().__init__(backbone, classes, config.classifier_dropout)


class BertForQuestionAnswering(QuestionAnswering):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, config: BertConfig):
        super().__init__(BertModel(config, pooler=False))
