"""Splits of image data sets, and pixels out of image files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy
import torch
from torch import Tensor

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, eq=False)
class LabelledImages(Sequence[tuple[Tensor, int]]):
    """Images of one size and their classes; a sequence of (image, label).

    Raises:
        ValueError: not as many images as labels.
    """

    images: Tensor
    """(n, channels, height, width), uint8; of `digits` float32 in [0, 1]"""
    labels: Tensor
    """(n,), int64"""

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels):
            raise ValueError(f"{len(self.images)} images but {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: int) -> tuple[Tensor, int]: ...

    @overload
    def __getitem__(self, index: slice) -> LabelledImages: ...

    def __getitem__(self, index: int | slice) -> tuple[Tensor, int] | LabelledImages:
        if isinstance(index, slice):
            return LabelledImages(self.images[index], self.labels[index])
        return self.images[index], int(self.labels[index])


def stack(images: Iterable[Image], mode: str) -> Tensor:
    """Pillow's images of one size -> (n, channels, height, width), uint8.

    Args:
        mode: "RGB" for three channels, "L" for one.
    """
    pixels = numpy.stack([numpy.asarray(image.convert(mode)) for image in images])
    found = torch.from_numpy(pixels.reshape(*pixels.shape[:3], -1))
    return found.permute(0, 3, 1, 2).contiguous()
