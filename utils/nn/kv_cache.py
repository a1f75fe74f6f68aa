"""Keys and values of earlier positions, kept so that generation needn't recompute them.

A cache is an argument of a forward pass, never state of a module.
"""

from __future__ import annotations

from torch import Tensor


class LayerCache:
    """Keys and values of one attention layer, in memory taken at the first `append`."""

    def __init__(self, capacity: int):
        self.capacity = capacity
        self.length = 0
        self.kept: Tensor | None = None
        """(batch, 2, heads, capacity, head width)"""

    def append(self, new: Tensor) -> tuple[Tensor, Tensor]:
        """Add keys and values, (batch, 2, heads, new, head width); return all so far.

        Raises:
            ValueError: there is no room left.
        """
        start, number = self.length, new.shape[-2]
        if start + number > self.capacity:
            raise ValueError(
                f"the cache holds {self.capacity} positions; "
                f"{start} are taken and {number} more were given"
            )
        if self.kept is None:
            self.kept = new.new_empty(*new.shape[:-2], self.capacity, new.shape[-1])
        self.kept.narrow(-2, start, number).copy_(new)
        self.length = start + number
        return self.read()

    def read(self) -> tuple[Tensor, Tensor]:
        """Return keys and values, each (batch, heads, length, head width)."""
        if self.kept is None:
            raise ValueError("nothing was appended to this cache yet")
        full = self.length == self.capacity
        kept = self.kept if full else self.kept.narrow(-2, 0, self.length)
        key, value = kept.unbind(1)
        return key, value

    def reorder(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order (as beam search needs it)."""
        if self.kept is not None:
            self.kept = self.kept.index_select(0, rows)


class StaticLayerCache(LayerCache):
    """The memory of a `LayerCache`, written at a place that a tensor names.

    A step reads all of it, whatever has been written, so that no shape ever changes:
    hide what comes after `position` by a mask (batch, capacity).

    Args:
        layer: a cache that was appended to.
        position: (1,), where the next token's keys and values go.
    """

    kept: Tensor

    def __init__(self, layer: LayerCache, position: Tensor):
        super().__init__(layer.capacity)
        if layer.kept is None:
            raise ValueError("nothing was appended to this cache yet")
        # What the mask hides has the weight 0, and 0 · NaN would be NaN.
        layer.kept.narrow(-2, layer.length, self.capacity - layer.length).zero_()
        self.kept, self.position = layer.kept, position
        self.length = self.capacity - 1  # with the new token: the whole

    def append(self, new: Tensor) -> tuple[Tensor, Tensor]:
        """Put one more, (batch, 2, heads, 1, head width), in place; return all."""
        key, value = self.kept.index_copy_(-2, self.position, new).unbind(1)
        return key, value


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

    def static(self, position: Tensor) -> KVCache:
        """The same memory for steps of one token at `position` (1,), of one shape.

        See `StaticLayerCache`.
        """
        found = KVCache(0, 0)
        found.self_attention = [
            StaticLayerCache(layer, position) for layer in self.self_attention
        ]
        return found

    def clear(self) -> None:
        """Forget what was appended, and keep the memory for the next."""
        for cache in self.self_attention + self.cross_attention:
            cache.length = 0

    def reorder(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order."""
        for cache in self.self_attention + self.cross_attention:
            cache.reorder(rows)

    def nbytes(self) -> int:
        """2 · layers · batch · heads · capacity · head width · bytes of a number."""
        caches = self.self_attention + self.cross_attention
        return sum(cache.kept.nbytes for cache in caches if cache.kept is not None)
