"""Batches without padding: several sequences to a row, none of which sees another.

Krell et al. 2021, arXiv 2107.02027. What treats each position on its own then works on
tokens only; attention is told by a mask whose each token is.
"""

from __future__ import annotations

import torch
from torch import Tensor


class Packing:
    """Where each token of a padded batch stands in rows that hold several sequences.

    The longest sequence sets the rows' length; each next one goes into the first row
    that has room for it.

    Args:
        attention_mask: (batch, time), 1 for tokens and 0 for padding on either side.
    """

    def __init__(self, attention_mask: Tensor):
        self.real = attention_mask.bool()
        lengths = self.real.sum(1).tolist()
        size = max(lengths)
        used: list[int] = []  # of each row
        starts = [0] * len(lengths)
        for sequence in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
            length = lengths[sequence]
            fits = (row for row, n in enumerate(used) if n + length <= size)
            row = next(fits, len(used))
            if row == len(used):
                used.append(0)
            starts[sequence] = row * size + used[row]
            used[row] += length
        within = (self.real.cumsum(1) - 1)[self.real]  # (tokens,), its place in its own
        sequences = self.real.nonzero()[:, 0]  # (tokens,)
        device = attention_mask.device
        self.place = torch.tensor(starts, device=device)[sequences] + within
        self.shape = len(used), size
        self.owner = torch.full((len(used) * size,), -1, device=device)
        self.owner[self.place] = sequences
        self.owner = self.owner.view(self.shape)  # (rows, size), -1 where nothing is

    def pack(self, x: Tensor) -> Tensor:
        """(batch, time, width) -> (rows, size, width), zeros where nothing is."""
        packed = x.new_zeros(self.owner.numel(), x.shape[-1])
        return packed.index_copy(0, self.place, x[self.real]).view(*self.shape, -1)

    def unpack(self, x: Tensor) -> Tensor:
        """(rows, size, width) -> (batch, time, width), zeros at padding."""
        found = x.new_zeros(*self.real.shape, x.shape[-1])
        found[self.real] = x.flatten(0, 1)[self.place]
        return found

    def mask(self) -> Tensor:
        """Each sequence sees itself: (rows, 1, size, size), True = may attend."""
        return (self.owner[:, :, None] == self.owner[:, None, :])[:, None]
