"""What stands on top of an encoder or decoder.

A head that shares the token table is given its weight at each call and owns no copy,
so that state dict, optimizer and parameter count are right by construction.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from utils.nn.feed_forward import ACTIVATIONS
from utils.nn.masks import last_true
from utils.nn.products import large_linear


class Pooler(nn.Module):
    """tanh of a linear layer on the first position's vector (BERT's [CLS])."""

    def __init__(self, width: int):
        super().__init__()
        self.dense = nn.Linear(width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, width)."""
        return torch.tanh(self.dense(hidden[:, 0]))


class MaskedLMHead(nn.Module):
    """dense -> activation -> norm -> the token table, plus a bias for each token.

    Args:
        width: of the hidden states.
        vocabulary: number of tokens.
        embedding_width: of the token table, if it is narrower (ALBERT, ELECTRA).
    """

    def __init__(
        self,
        width: int,
        vocabulary: int,
        *,
        embedding_width: int | None = None,
        activation: str = "gelu",
        eps: float = 1e-12,
    ):
        super().__init__()
        embedding_width = embedding_width or width
        self.dense = nn.Linear(width, embedding_width)
        self.norm = nn.LayerNorm(embedding_width, eps=eps)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.activation = ACTIVATIONS[activation]

    def forward(self, hidden: Tensor, table: Tensor) -> Tensor:
        """(..., width), table (vocabulary, embedding width) -> (..., vocabulary).

        Only the masked rows need go in: give `hidden[masked]`.
        """
        hidden = self.norm(self.activation(self.dense(hidden)))
        return large_linear(hidden, table, self.bias)


class ClassificationHead(nn.Module):
    """One vector to classes, through a hidden layer or none.

    Args:
        width: of the vector.
        classes: number of classes.
        hidden: put dense and `activation` before the last layer (RoBERTa, ELECTRA,
            DistilBERT, BART); BERT and ViT go straight from their vector.
        drop_first: drop before the hidden layer as well (DistilBERT doesn't).
    """

    def __init__(
        self,
        width: int,
        classes: int,
        *,
        hidden: bool = False,
        activation: str = "tanh",
        dropout: float = 0.0,
        drop_first: bool = True,
    ):
        super().__init__()
        self.dense = nn.Linear(width, width) if hidden else None
        self.out_proj = nn.Linear(width, classes)
        self.activation = ACTIVATIONS[activation]
        self.dropout = nn.Dropout(dropout)
        self.drop_first = drop_first

    def forward(self, vector: Tensor) -> Tensor:
        """(batch, width) -> (batch, classes)."""
        if self.dense is not None:
            if self.drop_first:
                vector = self.dropout(vector)
            vector = self.activation(self.dense(vector))
        return self.out_proj(self.dropout(vector))


class TokenClassificationHead(nn.Module):
    """Dropout and one linear layer on each position: (batch, time, classes)."""

    def __init__(self, width: int, classes: int, dropout: float = 0.0):
        super().__init__()
        self.out_proj = nn.Linear(width, classes)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time, classes)."""
        return self.out_proj(self.dropout(hidden))


class SpanHead(nn.Module):
    """A score for starting and one for ending at each position (Devlin et al. 2019)."""

    def __init__(self, width: int, dropout: float = 0.0):
        super().__init__()
        self.out_proj = nn.Linear(width, 2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, time, width) -> start and end, each (batch, time)."""
        start, end = self.out_proj(self.dropout(hidden)).unbind(-1)
        return start, end


class ReplacedTokenHead(nn.Module):
    """One score a position: was this token replaced? (Clark et al. 2020, §3.1)"""

    def __init__(self, width: int, activation: str = "gelu"):
        super().__init__()
        self.dense = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, 1)
        self.activation = ACTIVATIONS[activation]

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, time, width) -> (batch, time); above 0 for "replaced"."""
        return self.out_proj(self.activation(self.dense(hidden))).squeeze(-1)


class SpanBoundaryHead(nn.Module):
    """Tokens of a masked span, told from its two neighbours (Joshi et al. 2020, §3.2).

    y = f(left neighbour, right neighbour, position in the span), where f is twice
    dense -> activation -> norm; then the token table, plus a bias for each token.

    Args:
        width: of the hidden states and of the token table.
        vocabulary: number of tokens.
        positions: in a span that can be told apart; all further ones share the last.
        position_width: of their vectors.
    """

    def __init__(
        self,
        width: int,
        vocabulary: int,
        *,
        positions: int = 20,
        position_width: int = 200,
        activation: str = "gelu",
        eps: float = 1e-12,
    ):
        super().__init__()
        self.positions = nn.Embedding(positions, position_width)
        self.fc1 = nn.Linear(2 * width + position_width, width)
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.fc2 = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.activation = ACTIVATIONS[activation]

    def forward(self, hidden: Tensor, masked: Tensor, table: Tensor) -> Tensor:
        """Score the masked tokens without looking at their own hidden states.

        Args:
            hidden: (batch, time, width)
            masked: (batch, time), True in the spans. Spans side by side are one.
            table: (vocabulary, width)

        Returns:
            (number masked, vocabulary), in the order of `ids[masked]`.

        Raises:
            TypeError: `masked` isn't boolean.
            ValueError: it has another shape, or a span reaches an end of the sequence
                and so lacks a neighbour.
        """
        left, right = span_boundaries(masked, hidden.shape[:2])
        row, time = masked.nonzero(as_tuple=True)
        left, right = left[masked], right[masked]
        place = (time - left - 1).clamp(max=self.positions.num_embeddings - 1)
        y = torch.cat(
            [hidden[row, left], hidden[row, right], self.positions(place)], dim=-1
        )  # (number masked, 2 width + position width)
        y = self.norm1(self.activation(self.fc1(y)))
        y = self.norm2(self.activation(self.fc2(y)))
        return large_linear(y, table, self.bias)


def span_boundaries(
    masked: Tensor, shape: torch.Size | None = None
) -> tuple[Tensor, Tensor]:
    """The nearest unmasked position on either side of each position: (batch, time).

    Raises:
        TypeError: `masked` isn't boolean.
        ValueError: it isn't (batch, time), or isn't `shape`; or a span reaches an end.
    """
    if masked.dtype != torch.bool:
        raise TypeError(
            f"masked must be boolean, True in the spans; was {masked.dtype}"
        )
    if masked.ndim != 2 or (shape is not None and masked.shape != shape):
        raise ValueError(
            f"masked must be {tuple(shape or ('batch', 'time'))}, "
            f"was {tuple(masked.shape)}"
        )
    if masked[:, [0, -1]].any():
        raise ValueError(
            "a masked span reaches an end of the sequence, so it lacks a neighbour: "
            "leave the first and the last token unmasked"
        )
    time = torch.arange(masked.shape[1], device=masked.device).expand(masked.shape)
    left = time.masked_fill(masked, -1).cummax(1).values
    right = time.masked_fill(masked, masked.shape[1]).flip(1).cummin(1).values.flip(1)
    return left, right


class ConcatPoolingHead(nn.Module):
    """The last vector, the maximum and the mean of a sequence, and two linear layers.

    Each layer takes a batch norm and dropout before it (Howard and Ruder 2018, §3.3).

    Args:
        width: of the hidden states.
        classes: number of classes.
        inner_width: between the two layers.
        dropout: before the first layer and before the second.
    """

    def __init__(
        self,
        width: int,
        classes: int,
        *,
        inner_width: int = 50,
        dropout: tuple[float, float] = (0.4, 0.1),
    ):
        super().__init__()
        self.norm1 = nn.BatchNorm1d(3 * width)
        self.fc1 = nn.Linear(3 * width, inner_width)
        self.norm2 = nn.BatchNorm1d(inner_width)
        self.fc2 = nn.Linear(inner_width, classes)
        self.dropout1, self.dropout2 = (nn.Dropout(p) for p in dropout)

    def forward(self, hidden: Tensor, mask: Tensor | None = None) -> Tensor:
        """(batch, time, width), mask (batch, time), True = read -> (batch, classes)."""
        x = concat_pool(hidden, mask)  # (batch, 3 width)
        x = torch.relu(self.fc1(self.dropout1(self.norm1(x))))
        return self.fc2(self.dropout2(self.norm2(x)))


def concat_pool(hidden: Tensor, mask: Tensor | None = None) -> Tensor:
    """[last; maximum; mean] over what the mask lets be read.

    (batch, time, width), mask (batch, time), True = read -> (batch, 3 width).

    Raises:
        ValueError: a sequence with nothing to be read.
    """
    if mask is None:
        parts = hidden[:, -1], hidden.amax(1), hidden.mean(1)
        return torch.cat(parts, dim=-1)
    if not mask.any(-1).all():
        raise ValueError("a sequence of the batch is nothing but padding")
    rows = torch.arange(len(hidden), device=hidden.device)
    read = mask[..., None]
    lowest = torch.finfo(hidden.dtype).min
    return torch.cat(
        [
            hidden[rows, last_true(mask)],
            hidden.masked_fill(~read, lowest).amax(1),
            (hidden * read).sum(1) / mask.sum(1, keepdim=True),
        ],
        dim=-1,
    )
