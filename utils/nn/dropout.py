"""Dropout that suits sequences: what is dropped stays dropped over a whole sequence.

Weights that are dropped are those of `utils.nn.recurrent`, by `weight_dropout`.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from utils.nn.embeddings import TokenEmbedding


class VariationalDropout(nn.Dropout):
    """The same features dropped at every step (Gal and Ghahramani 2016).

    Each sequence of the batch has a mask of its own. What is kept is scaled by
    1/(1 - p), here and below.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(batch, time, width) -> the same shape."""
        if not self.training or not self.p:
            return x
        return x * F.dropout(x.new_ones(x.shape[0], 1, x.shape[2]), self.p)


class EmbeddingDropout(nn.Module):
    """Whole tokens dropped: all occurrences in the batch have a vector of zeros.

    Gal and Ghahramani 2016; Merity et al. 2018, §4.3.
    """

    def __init__(self, p: float = 0.5):
        super().__init__()
        self.dropout = nn.Dropout(p)

    def forward(self, table: TokenEmbedding, input_ids: Tensor) -> Tensor:
        """input_ids (batch, time) -> their vectors (batch, time, width).

        Raises:
            ValueError: an id outside the vocabulary.
        """
        x = table(input_ids)
        if not self.training or not self.dropout.p:
            return x
        keep = self.dropout(x.new_ones(table.num_embeddings, 1))
        return x * F.embedding(input_ids, keep)
