"""MNIST: handwritten digits of 28 × 28 grey pixels (LeCun et al. 1998)."""

from __future__ import annotations

import math
import struct

import torch
from torch import Tensor

from utils.data import hub
from utils.data.dataset import Dataset, DataUnavailable, check_source
from utils.data.images import LabelledImages, stack
from utils.data.local import read_bytes

NAME = "mnist"
SOURCES = ("local", "hub")
HUB = "ylecun/mnist"
BYTES = 0x08
"""what the IDX format calls unsigned bytes"""


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
    """An array in the IDX format: two zeros, kind, dimensions; each size; the data."""
    content = read_bytes(NAME, file, SOURCES)
    zeros, kind, dimensions = struct.unpack(">HBB", content[:4])
    start = 4 + 4 * dimensions
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if zeros or kind != BYTES or len(content) != start + math.prod(shape):
        raise DataUnavailable(f"{NAME}: {file} isn't an IDX file of bytes")
    return torch.frombuffer(bytearray(content[start:]), dtype=torch.uint8).view(shape)
