"""What stands on top of an encoder or decoder.

A head that shares the token table is given its weight at each call and owns no copy,
so that state dict, optimizer and parameter count are right by construction.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.nn.feed_forward import ACTIVATIONS


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
        return F.linear(hidden, table, self.bias)


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

    def __init__(self, width: int):
        super().__init__()
        self.out_proj = nn.Linear(width, 2)

    def forward(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, time, width) -> start and end, each (batch, time)."""
        start, end = self.out_proj(hidden).unbind(-1)
        return start, end
