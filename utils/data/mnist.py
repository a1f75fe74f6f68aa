"""MNIST: handwritten digits of 28 × 28 grey pixels (LeCun et al. 1998)."""

from __future__ import annotations

import struct

import torch
from torch import Tensor

from utils.data import hub
from utils.data.dataset import Dataset, check_source
from utils.data.images import LabelledImages, stack
from utils.data.local import read_bytes

NAME = "mnist"
SOURCES = ("local", "hub")
HUB = "ylecun/mnist"


def load(source: str = "local") -> Dataset[tuple[Tensor, int]]:
    """Images (n, 1, 28, 28) uint8, white on black, and labels (n,): `LabelledImages`.

    Locally there are the 10,000 of the test split only: whoever trains on a part of
    them doesn't measure on MNIST.

    Raises:
        ValueError: a source it doesn't have.
        DataUnavailable: a file is missing or damaged, or there is no network.
    """
    check_source(NAME, source, SOURCES)
    if source == "local":
        images = _read("t10k-images-idx3-ubyte.gz").unsqueeze(1)
        labels = _read("t10k-labels-idx1-ubyte.gz").long()
        splits = {"test": LabelledImages(images, labels)}
        where = f"COURSE_DATA/{NAME}: no train split"
    else:
        data = hub.load(HUB, sources=SOURCES)
        splits = {
            split: LabelledImages(
                stack(data[split]["image"], "L"), torch.tensor(data[split]["label"][:])
            )
            for split in ("train", "test")
        }
        where = HUB
    return Dataset(
        name=NAME,
        splits=splits,
        source=f"{source} ({where})",
        licence="CC BY-SA 3.0 as commonly given",
        bytes=sum(split.images.numel() for split in splits.values()),
        labels=tuple("0123456789"),
    )


def _read(file: str) -> Tensor:
    """An array in the IDX format: 0, 0, 8 for bytes, dimensions; their sizes; data."""
    content = read_bytes(NAME, file, SOURCES)
    start = 4 + 4 * content[3]
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    return torch.frombuffer(bytearray(content[start:]), dtype=torch.uint8).view(shape)
