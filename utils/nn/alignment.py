"""Attention of recurrent decoders: which of the states that were read to look at.

Three questions are often told by one name: what the score is, which state of the
decoder is scored, and where the context goes. Here is the score; the model decides the
other two (`utils.models.seq2seq`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SCORES = ("dot", "general", "concat")


class _Alignment(nn.Module):
    """Scores, their softmax, and the memory weighted by it."""

    def project(self, memory: Tensor) -> Tensor:
        """What of the scores depends on the memory only: computed once, then given to
        each step. (batch, key, key width) -> (batch, key, …)."""
        raise NotImplementedError

    def scores(self, query: Tensor, projected: Tensor) -> Tensor:
        """-> (batch, query, key)."""
        raise NotImplementedError

    def forward(
        self,
        query: Tensor,
        memory: Tensor,
        *,
        mask: Tensor | None = None,
        projected: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Mix the memory by how well each state of it answers the query.

        Args:
            query: (batch, query, query width), states of the decoder.
            memory: (batch, key, key width), states of the encoder.
            mask: boolean, broadcast to (batch, query, key); True = may attend. A query
                with nothing to attend to gets weights and context of zero.
            projected: `project(memory)`, where it is kept from an earlier call.

        Returns:
            context (batch, query, key width) and weights (batch, query, key).

        Raises:
            TypeError: the mask isn't boolean.
            ValueError: the mask, the query or the memory has another shape.
        """
        scores = self.scores(
            query, self.project(memory) if projected is None else projected
        )
        if mask is None:
            weights = scores.softmax(-1)
        else:
            _check_mask(mask, scores)
            # Not -inf: of a row of nothing else, softmax and its gradient are NaN.
            lowest = torch.finfo(scores.dtype).min
            weights = scores.masked_fill(~mask, lowest).softmax(-1)
            weights = weights.masked_fill(~mask, 0.0)
        return weights @ memory, weights


class AdditiveAttention(_Alignment):
    """vᵀ tanh(W query + U memory) (Bahdanau et al. 2015, §A.1.2).

    Without the tanh the query would add the same number to every score, which the
    softmax takes away again.

    Args:
        query_width: of the decoder's states.
        key_width: of the encoder's.
        width: inside; `query_width` unless given.
    """

    def __init__(self, query_width: int, key_width: int, width: int | None = None):
        super().__init__()
        width = width or query_width
        self.query_proj = nn.Linear(query_width, width, bias=False)
        self.key_proj = nn.Linear(key_width, width, bias=False)
        self.score = nn.Linear(width, 1, bias=False)

    def project(self, memory: Tensor) -> Tensor:
        _check_width("memory", memory, self.key_proj.in_features)
        return self.key_proj(memory)  # (batch, key, width)

    def scores(self, query: Tensor, projected: Tensor) -> Tensor:
        _check_width("query", query, self.query_proj.in_features)
        # (batch, query, 1, width) + (batch, 1, key, width)
        both = self.query_proj(query)[:, :, None] + projected[:, None]
        return self.score(torch.tanh(both)).squeeze(-1)


class MultiplicativeAttention(_Alignment):
    """The three scores of Luong et al. 2015, §3.1.

    - "dot": queryᵀ memory; no parameters, both widths the same
    - "general": queryᵀ W memory
    - "concat": vᵀ tanh(W [query; memory]), which is no product: with W cut in two it is
      `AdditiveAttention`

    Args:
        query_width: of the decoder's states.
        key_width: of the encoder's.
        score: one of the three.
        width: inside "concat"; `query_width` unless given.

    Raises:
        ValueError: an unknown score, or "dot" with two widths.
    """

    def __init__(
        self,
        query_width: int,
        key_width: int,
        score: str = "general",
        width: int | None = None,
    ):
        super().__init__()
        if score not in SCORES:
            raise ValueError(f"score is one of {', '.join(SCORES)}, was {score!r}")
        if score == "dot" and query_width != key_width:
            raise ValueError(
                f"a dot product needs one width, was {query_width} and {key_width}; "
                "'general' takes two"
            )
        self.kind, self.query_width, self.key_width = score, query_width, key_width
        width = width or query_width
        if score == "general":
            self.key_proj = nn.Linear(key_width, query_width, bias=False)
        elif score == "concat":
            self.proj = nn.Linear(query_width + key_width, width, bias=False)
            self.score = nn.Linear(width, 1, bias=False)

    def project(self, memory: Tensor) -> Tensor:
        _check_width("memory", memory, self.key_width)
        if self.kind == "dot":
            return memory
        if self.kind == "general":
            return self.key_proj(memory)
        # W [query; memory] is the sum of two products: this is the memory's.
        return memory @ self.proj.weight[:, self.query_width :].T

    def scores(self, query: Tensor, projected: Tensor) -> Tensor:
        _check_width("query", query, self.query_width)
        if self.kind != "concat":
            return query @ projected.transpose(-2, -1)
        query = query @ self.proj.weight[:, : self.query_width].T
        return self.score(torch.tanh(query[:, :, None] + projected[:, None])).squeeze(
            -1
        )


def _check_width(name: str, x: Tensor, width: int) -> None:
    if x.ndim != 3 or x.shape[-1] != width:
        raise ValueError(f"{name} must be (batch, time, {width}), was {tuple(x.shape)}")


def _check_mask(mask: Tensor, scores: Tensor) -> None:
    if mask.dtype != torch.bool:
        raise TypeError(
            f"mask must be boolean with True = may attend, was {mask.dtype}"
        )
    shape = tuple(scores.shape)
    if mask.ndim != 3 or any(
        found not in (1, size) for found, size in zip(mask.shape, shape, strict=True)
    ):
        raise ValueError(
            f"mask must be broadcast to (batch, query, key) = {shape}, "
            f"was {tuple(mask.shape)}"
        )
