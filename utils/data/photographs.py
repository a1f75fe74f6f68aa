"""Two colour photographs of 427 × 640 pixels that scikit-learn brings.

A building in China (danielbuechele) and a flower (vultilion, as the address that
scikit-learn gives says; its text repeats the first name), both from Flickr.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from utils.data.dataset import Dataset, DataUnavailable, check_source

NAME = "photographs"


@dataclass(frozen=True, eq=False)
class Photograph:
    """An image with its name, and where it was found."""

    name: str
    image: Tensor
    """(channels, height, width) = (3, 427, 640), uint8"""
    address: str


ADDRESSES = {
    "china": "https://www.flickr.com/photos/danielbuechele/6061409035/",
    "flower": "https://www.flickr.com/photos/vultilion/6056698931/",
}


@dataclass(frozen=True)
class Photographs(Dataset[Photograph]):
    """The data set; a photograph also by its name."""

    def named(self, name: str) -> Photograph:
        """The photograph "china" or "flower".

        Raises:
            KeyError: there is none of that name; the message lists them.
        """
        found: Mapping[str, Photograph] = {p.name: p for p in self["test"]}
        if name not in found:
            raise KeyError(f"{NAME} has {', '.join(found)}, not {name!r}")
        return found[name]


def load(source: str = "embedded") -> Photographs:
    """China and the flower, in this order, in one split, "test".

    Raises:
        ValueError: a source other than "embedded".
        DataUnavailable: the installed scikit-learn lacks one of them.
    """
    from sklearn.datasets import load_sample_images

    check_source(NAME, source, ("embedded",))
    sample = load_sample_images()
    pixels = {
        Path(file).stem: torch.tensor(image).permute(2, 0, 1).contiguous()
        for file, image in zip(sample.filenames, sample.images, strict=True)
    }
    if missing := [name for name in ADDRESSES if name not in pixels]:
        raise DataUnavailable(
            f"{NAME}: scikit-learn has no {', '.join(missing)}.jpg; "
            "pip install --force-reinstall scikit-learn"
        )
    rows = [
        Photograph(name, pixels[name], address) for name, address in ADDRESSES.items()
    ]
    return Photographs(
        name=NAME,
        splits={"test": rows},
        source="embedded (scikit-learn)",
        licence="CC BY 2.0",
        bytes=sum(row.image.numel() for row in rows),
    )
