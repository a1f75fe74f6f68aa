"""XLNet: predicting tokens in any order (Yang et al. 2019, arXiv 1906.08237)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from utils.models.output import ModelOutput
from utils.models.tasks import (
    QuestionAnswering,
    SequenceClassification,
    TokenClassification,
)
from utils.nn.blocks import TransformerBlock
from utils.nn.embeddings import (
    TokenEmbedding,
    TransformerEmbeddings,
    batch_and_time,
)
from utils.nn.feed_forward import FeedForward
from utils.nn.heads import ClassificationHead
from utils.nn.init import normal_init
from utils.nn.masks import two_stream_masks
from utils.nn.products import large_linear
from utils.nn.relative_attention import (
    TransformerXLAttention,
    distance_sinusoids,
    other_segment,
)


@dataclass(frozen=True)
class XLNetConfig:
    """XLNet-base unless changed; `XLNET_LARGE` is below."""

    vocabulary: int = 32_000
    width: int = 768
    layers: int = 12
    heads: int = 12
    inner_width: int = 3072
    activation: str = "gelu"
    eps: float = 1e-12
    dropout: float = 0.1
    classifier_dropout: float = 0.1
    init_std: float = 0.02


XLNET_LARGE = replace(XLNetConfig(), width=1024, layers=24, heads=16, inner_width=4096)


def build_block(config: XLNetConfig) -> TransformerBlock:
    """One layer: both streams go through it, one after the other."""
    return TransformerBlock(
        TransformerXLAttention(config.width, config.heads, dropout=config.dropout),
        FeedForward(
            config.width, config.inner_width, config.activation, dropout=config.dropout
        ),
        partial(nn.LayerNorm, config.width, eps=config.eps),
        norm_first=False,
        dropout=config.dropout,
    )


def _check(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(tensor.shape) != shape:
        raise ValueError(f"{name} must be {shape}, was {tuple(tensor.shape)}")


class XLNetModel(nn.Module):
    """Two streams through the same blocks (§2.3).

    The content stream holds what each position knows, its own token included. The query
    stream, there if there is a `target_mapping`, holds what a position to be predicted
    knows: it starts from one learned vector, reads the content stream's keys and values
    and never sees its own token.
    """

    def __init__(self, config: XLNetConfig):
        super().__init__()
        self.config = config
        self.embeddings = TransformerEmbeddings(
            TokenEmbedding(config.vocabulary, config.width)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.query_vector = nn.Parameter(torch.empty(config.width))
        blocks = [build_block(config) for _ in range(config.layers)]
        self.blocks: Any = nn.ModuleList(blocks)  # which forgets what blocks can do
        self.apply(partial(normal_init, std=config.init_std))
        for name, parameter in self.named_parameters():
            if name.endswith(("query_vector", "_bias", ".segment")):
                nn.init.normal_(parameter, std=config.init_std)

    def project_distances(self, time: int, earlier: int = 0) -> list[Tensor]:
        """What each layer makes of the distances: (heads, time + keys, head width).

        It depends on the lengths and the weights only. At length 512 it is a tenth of
        a forward pass of one sequence.
        """
        vectors = self.dropout(
            distance_sinusoids(
                time, earlier + time, self.config.width, self.query_vector
            )
        )  # (time + keys, width)
        return [block.attention.project_distances(vectors) for block in self.blocks]

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        perm_mask: Tensor | None = None,
        target_mapping: Tensor | None = None,
        mems: Sequence[Tensor] | None = None,
        projected: Sequence[Tensor] | None = None,
        output_attentions: bool = False,
    ) -> ModelOutput:
        """Encode a batch, or predict some of its tokens from others.

        Args:
            input_ids: (batch, time)
            attention_mask: (batch, time), 1 for tokens and 0 for padding.
            token_type_ids: (batch, time), the segment of each token; only whether two
                tokens share theirs counts.
            perm_mask: (batch, time, time), 1 where row i may not see column j: the
                order of prediction.
            target_mapping: (batch, number, time), one-hot: the positions to predict.
                A target that may see no token at all gets no attention, where
                transformers gives it every token, its own included.
            mems: the content stream's `hidden_states` of an earlier segment, one
                (batch, earlier, width) for each layer. They are of segment 0.
            projected: what `project_distances` gives, made once for many batches of
                one length. Not for training, where each batch drops other numbers.

        Returns:
            `last_hidden_state` (batch, time or number, width). With a `target_mapping`
            `hidden_states` are those of both streams in turns, and `attentions` pairs.

        Raises:
            ValueError: ids not (batch, time) or outside the vocabulary, or a mask of
                another shape.
        """
        batch, time = batch_and_time(input_ids)
        earlier = 0 if mems is None else mems[0].shape[1]
        query_mask, content_mask = two_stream_masks(
            (batch, time), attention_mask, perm_mask, earlier
        )  # (batch, 1, time, earlier + time)
        segments = (
            None if token_type_ids is None else other_segment(token_type_ids, earlier)
        )
        if projected is None:
            projected = self.project_distances(time, earlier)
        heads, width = self.config.heads, self.config.width
        expected = (heads, time + earlier + time, width // heads)
        _check("projected[0]", projected[0], expected)

        content, query = self.dropout(self.embeddings(input_ids, None)), None
        if target_mapping is not None:
            number = target_mapping.shape[1]
            _check("target_mapping", target_mapping, (batch, number, time))
            target_mapping = target_mapping.to(content.dtype)
            query = self.dropout(self.query_vector.expand(batch, number, -1))

        hidden, attentions = [], []
        for depth, block in enumerate(self.blocks):
            known = content if mems is None else torch.cat([mems[depth], content], 1)
            # Made once a block, for both streams: (batch, heads, earlier + time, …).
            read: dict[str, Any] = {
                "keys": block.attention.keys(known, projected[depth]),
                "other_segment": segments,
                "need_weights": output_attentions,
            }
            hidden += [content] if query is None else [content, query]
            content, weights = block(content, mask=content_mask, **read)
            if query is not None:
                query, query_weights = block(
                    query, mask=query_mask, place=target_mapping, **read
                )
                weights = weights, query_weights
            attentions.append(weights)
        hidden += [content] if query is None else [content, query]
        return ModelOutput(
            last_hidden_state=self.dropout(hidden[-1]),
            hidden_states=tuple(hidden),
            attentions=tuple(attentions) if output_attentions else None,
        )


class XLNetLMHeadModel(nn.Module):
    """The token at each position, or at each target: the token table and a bias."""

    def __init__(self, config: XLNetConfig):
        super().__init__()
        self.backbone, self.config = XLNetModel(config), config
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))

    def forward(self, *inputs: Any, **options: Any) -> ModelOutput:
        """As `XLNetModel`, with `logits` (batch, time or number, vocabulary)."""
        found = self.backbone(*inputs, **options)
        table = self.backbone.embeddings.table
        found.logits = large_linear(found.last_hidden_state, table, self.bias)
        return found


class XLNetForSequenceClassification(SequenceClassification):
    """One label for a sentence or a pair, from the last position: XLNet's <cls>.

    Pad on the left.
    """

    def __init__(self, config: XLNetConfig, classes: int = 2):
        head = ClassificationHead(
            config.width,
            classes,
            hidden=True,
            dropout=config.classifier_dropout,
            drop_first=False,
        )
        super().__init__(XLNetModel(config), head, position=-1)


class XLNetForTokenClassification(TokenClassification):
    """One label for each token."""

    def __init__(self, config: XLNetConfig, classes: int = 2):
        super().__init__(XLNetModel(config), classes, dropout=0.0)


class XLNetForQuestionAnswering(QuestionAnswering):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, config: XLNetConfig):
        super().__init__(XLNetModel(config))
