"""Keys and values of earlier positions, kept so that generation needn't recompute them.

A cache is an argument of a forward pass, never state of a module.
"""

from __future__ import annotations

import torch
from torch import Tensor


class LayerCache:
    """Keys and values of one attention layer, in memory taken once.

    The memory is (batch, heads, capacity, head width), taken at the first `append`.
    """

    def __init__(self, capacity: int):
        self.capacity = capacity
        self.length = 0
        self._keys: Tensor | None = None
        self._values: Tensor | None = None

    def append(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Add (batch, heads, new, head width); return all that is kept so far.

        Raises:
            ValueError: there is no room left.
        """
        new = key.shape[-2]
        if self.length + new > self.capacity:
            raise ValueError(
                f"the cache holds {self.capacity} positions; "
                f"{self.length} are taken and {new} more were given"
            )
        if self._keys is None or self._values is None:
            self._keys = key.new_empty(*key.shape[:-2], self.capacity, key.shape[-1])
            self._values = value.new_empty(
                *value.shape[:-2], self.capacity, value.shape[-1]
            )
        self._keys.narrow(-2, self.length, new).copy_(key)
        self._values.narrow(-2, self.length, new).copy_(value)
        self.length += new
        return self.read()

    def read(self) -> tuple[Tensor, Tensor]:
        """Return keys and values, each (batch, heads, length, head width)."""
        if self._keys is None or self._values is None:
            raise ValueError("nothing was appended to this cache yet")
        if self.length == self.capacity:
            return self._keys, self._values
        kept = -2, 0, self.length
        return self._keys.narrow(*kept), self._values.narrow(*kept)

    def reorder(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order (as beam search needs it)."""
        if self._keys is not None and self._values is not None:
            self._keys, self._values = self._keys[rows], self._values[rows]


class KVCache:
    """The caches of a whole decoder: one for self-attention in each layer, and one for
    cross-attention where there is a memory.

    Args:
        layers: of the decoder.
        capacity: positions that will ever be generated, prompt included.
        memory_length: positions of the memory; 0 for a decoder without one.
    """

    def __init__(self, layers: int, capacity: int, memory_length: int = 0):
        self.self_attention = [LayerCache(capacity) for _ in range(layers)]
        self.cross_attention = [
            LayerCache(memory_length) for _ in range(layers if memory_length else 0)
        ]

    @property
    def length(self) -> int:
        """Positions kept so far."""
        return self.self_attention[0].length

    def reorder(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order."""
        for cache in self.self_attention + self.cross_attention:
            cache.reorder(rows)

    def nbytes(self) -> int:
        """2 · layers · batch · heads · capacity · head width · bytes of a number."""
        tensors = [
            tensor
            for cache in self.self_attention + self.cross_attention
            for tensor in (cache._keys, cache._values)
        ]
        return sum(t.nbytes for t in tensors if isinstance(t, torch.Tensor))
