"""XLNet: predicting tokens in any order (Yang et al. 2019, arXiv 1906.08237)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.models.output import ModelOutput
from utils.models.tasks import QuestionAnswering, TokenClassification
from utils.nn.blocks import TransformerBlock
from utils.nn.embeddings import (
    TokenEmbedding,
    TransformerEmbeddings,
    batch_and_time,
)
from utils.nn.feed_forward import FeedForward
from utils.nn.heads import ClassificationHead
from utils.nn.init import normal_init
from utils.nn.masks import combine_masks, padding_mask
from utils.nn.positions import sinusoids
from utils.nn.relative_attention import TransformerXLAttention, distances


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
        self.blocks = nn.ModuleList([build_block(config) for _ in range(config.layers)])
        self.apply(partial(normal_init, std=config.init_std))
        for name, parameter in self.named_parameters():
            if name.endswith(("query_vector", "_bias", ".segment")):
                nn.init.normal_(parameter, std=config.init_std)

    def project_distances(self, time: int, earlier: int = 0) -> list[Tensor]:
        """What each layer makes of the distances: (heads, time + keys, head width).

        It depends on the lengths and the weights only. At length 512 it is a tenth of
        a forward pass of one sequence.
        """
        vectors = self._sinusoids(time, earlier)
        return [block.attention.project_distances(vectors) for block in self.blocks]

    def _sinusoids(self, time: int, earlier: int) -> Tensor:
        """(time + keys, width), in the order of `distances`."""
        vector = self.query_vector
        positions = distances(time, earlier + time, vector.device).double()
        return self.dropout(sinusoids(positions, self.config.width).to(vector.dtype))

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
        sees_others, sees_itself_too = _masks(
            (batch, time), earlier, attention_mask, perm_mask
        )
        other_segment = None
        if token_type_ids is not None:
            columns = F.pad(token_type_ids, (earlier, 0))
            other_segment = (token_type_ids[:, :, None] != columns[:, None])[:, None]

        content, query = self.dropout(self.embeddings(input_ids, None)), None
        if target_mapping is not None:
            expected = (batch, target_mapping.shape[1], time)
            _check("target_mapping", target_mapping, expected)
            target_mapping = target_mapping.to(content.dtype)
            query = self.dropout(self.query_vector.expand(*expected[:2], -1))
        if projected is None:
            vectors = self._sinusoids(time, earlier)
        else:
            heads, width = self.config.heads, self.config.width
            rows = time + earlier + time
            _check("projected[0]", projected[0], (heads, rows, width // heads))

        hidden, attentions = [], []
        for depth, block in enumerate(self.blocks):
            known = content if mems is None else torch.cat([mems[depth], content], 1)
            distance = (
                block.attention.project_distances(vectors)
                if projected is None
                else projected[depth]
            )
            read: dict[str, Any] = {
                "keys": block.attention.keys(known, distance),
                "other_segment": other_segment,
                "need_weights": output_attentions,
            }
            hidden += [content] if query is None else [content, query]
            content, weights = block(content, mask=sees_itself_too, **read)
            if query is not None:
                query, query_weights = block(
                    query, mask=sees_others, place=target_mapping, **read
                )
                weights = weights, query_weights
            attentions.append(weights)
        hidden += [content] if query is None else [content, query]
        return ModelOutput(
            last_hidden_state=self.dropout(hidden[-1]),
            hidden_states=tuple(hidden),
            attentions=tuple(attentions) if output_attentions else None,
        )


def _masks(
    shape: tuple[int, int],
    earlier: int,
    attention_mask: Tensor | None,
    perm_mask: Tensor | None,
) -> tuple[Tensor | None, Tensor | None]:
    """What the query stream sees and what the content stream: itself, too."""
    batch, time = shape
    allowed = None
    if perm_mask is not None:
        _check("perm_mask", perm_mask, (batch, time, time))
        allowed = ~perm_mask.bool()[:, None]
    if attention_mask is not None:
        allowed = combine_masks(allowed, padding_mask(attention_mask, shape))
    if allowed is None:
        return None, None
    allowed = allowed.expand(-1, -1, time, -1)  # (batch, 1, query, key)
    itself = torch.eye(time, dtype=torch.bool, device=allowed.device)
    both = allowed, allowed | itself
    return tuple(F.pad(mask, (earlier, 0), value=True) for mask in both)


def _check(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(tensor.shape) != shape:
        raise ValueError(f"{name} must be {shape}, was {tuple(tensor.shape)}")


class XLNetLMHeadModel(nn.Module):
    """The token at each position, or at each target: the token table and a bias."""

    def __init__(self, config: XLNetConfig):
        super().__init__()
        self.backbone, self.config = XLNetModel(config), config
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))

    def forward(self, *inputs: Any, **options: Any) -> ModelOutput:
        """As `XLNetModel`, with `logits` (batch, time or number, vocabulary)."""
        found = self.backbone(*inputs, **options)
        table = self.backbone.embeddings.token.weight
        found.logits = F.linear(found.last_hidden_state, table, self.bias)
        return found


class XLNetForSequenceClassification(nn.Module):
    """One label for a sentence or a pair, from the last position: XLNet's <cls>."""

    def __init__(self, config: XLNetConfig, classes: int = 2):
        super().__init__()
        self.backbone, self.config = XLNetModel(config), config
        self.head = ClassificationHead(
            config.width,
            classes,
            hidden=True,
            dropout=config.classifier_dropout,
            drop_first=False,
        )
        self.head.apply(partial(normal_init, std=config.init_std))

    def forward(self, *inputs: Any, **options: Any) -> ModelOutput:
        """As `XLNetModel`, with `logits` (batch, classes). Pad on the left."""
        found = self.backbone(*inputs, **options)
        found.logits = self.head(found.last_hidden_state[:, -1])
        return found


class XLNetForTokenClassification(TokenClassification):
    """One label for each token."""

    def __init__(self, config: XLNetConfig, classes: int = 2):
        super().__init__(XLNetModel(config), classes, dropout=0.0)


class XLNetForQuestionAnswering(QuestionAnswering):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, config: XLNetConfig):
        super().__init__(XLNetModel(config))
