"""Tokens to vectors: what each architecture adds up before its first block."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from utils.nn.values import cheap_to_see


class TokenEmbedding(nn.Embedding):
    """A learned vector for each token of the vocabulary."""

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids (batch, time) -> (batch, time, width).

        Raises:
            ValueError: an id outside the vocabulary (checked on the CPU, where it is
                cheap; a GPU stops with an error of its own).
        """
        _check(input_ids, "token", "vocabulary", self.num_embeddings)
        return F.embedding(input_ids, self.weight, self.padding_idx)


class SegmentEmbedding(nn.Embedding):
    """A learned vector for each segment (BERT's sentences A and B)."""

    def forward(self, segment_ids: Tensor) -> Tensor:
        """segment_ids (batch, time) -> (batch, time, width).

        Raises:
            ValueError: an id that is no segment's; RoBERTa, say, has but segment 0.
        """
        _check(segment_ids, "segment", "range", self.num_embeddings)
        return F.embedding(segment_ids, self.weight)


def _check(ids: Tensor, kind: str, whole: str, size: int) -> None:
    if cheap_to_see(ids) and ids.numel():
        low, high = (int(end) for end in ids.aminmax())
        if low < 0 or high >= size:
            wrong = low if low < 0 else high
            raise ValueError(f"{kind} id {wrong} is outside the {whole} of {size}")


def batch_and_time(ids: Tensor, name: str = "input_ids") -> tuple[int, int]:
    """The two sizes of a batch of ids.

    Args:
        name: what an error calls it.

    Raises:
        ValueError: the ids aren't (batch, time), as when a single text comes without
            its batch; or there are none.
    """
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(
            f"{name} must be (batch, time) with time > 0, was {tuple(ids.shape)}"
        )
    return ids.shape[0], ids.shape[1]


class TransformerEmbeddings(nn.Module):
    """token (· scale) + position + segment -> normalisation -> dropout -> projection.

    Each part is there if it is given: BERT has all but the scale and the projection,
    GPT-2 tokens and positions, ALBERT and ELECTRA a projection from a narrower table.

    Args:
        token: the table of tokens; None where a model owns one table for several such
            modules (BART, T5) and gives them its vectors.
        positions: a module of position numbers.
        segments: how many segments are told apart; 0 for none.
        norm: after the sum.
        scale: factor on the token vectors (√width in the 2017 Transformer).
        projection: from the tables' width to the model's.

    Raises:
        ValueError: segments without a token table.
    """

    def __init__(
        self,
        token: TokenEmbedding | None,
        positions: nn.Module | None = None,
        *,
        segments: int = 0,
        norm: nn.Module | None = None,
        scale: float = 1.0,
        dropout: float = 0.0,
        projection: nn.Module | None = None,
    ):
        super().__init__()
        self.token, self.positions, self.scale = token, positions, scale
        self.segment: SegmentEmbedding | None = None
        if segments:
            if token is None:
                raise ValueError("segments need a token table, whose width they take")
            self.segment = SegmentEmbedding(segments, token.embedding_dim)
        self.norm, self.projection = norm, projection
        self.dropout = nn.Dropout(dropout)

    @property
    def table(self) -> Tensor:
        """The token vectors (vocabulary, width), for a head that shares them.

        Raises:
            ValueError: the table is the model's own, not this module's.
        """
        if self.token is None:
            raise ValueError("the embeddings have no token table of their own")
        return self.token.weight

    def forward(
        self,
        input_ids: Tensor,
        position_ids: Tensor | None,
        segment_ids: Tensor | None = None,
    ) -> Tensor:
        """All (batch, time), positions also (time,) -> (batch, time, width).

        `position_ids` is None where there are no positions to add (DeBERTa, XLNet).

        Without a token table, `input_ids` are vectors (batch, time, width).
        """
        x = input_ids if self.token is None else self.token(input_ids)
        if self.scale != 1:
            x = x * self.scale
        if self.segment is not None:
            x = x + (
                self.segment.weight[0]
                if segment_ids is None
                else self.segment(segment_ids)
            )
        if self.positions is not None:
            x = x + self.positions(position_ids)
        x = x if self.norm is None else self.norm(x)
        x = self.dropout(x) if self.training else x
        return x if self.projection is None else self.projection(x)
