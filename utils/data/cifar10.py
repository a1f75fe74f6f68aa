"""CIFAR-10: 60,000 colour photographs of 32 × 32 pixels, ten classes (Krizhevsky 2009).

The local files are JPEG copies (quality about 75, colours at half the resolution): not
the canonical pixels, and what is measured on them must say so. The hub has the real
ones.
"""

from __future__ import annotations

import io
import lzma
import tarfile

import torch

from utils.data import hub
from utils.data.dataset import Dataset, check_source
from utils.data.images import LabelledImages, stack
from utils.data.local import read_bytes

NAME = "cifar10"
FOLDER = "cifar10_jpeg"
SOURCES = ("local", "hub")
HUB = "uoft-cs/cifar10"
LABELS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


def load(source: str = "local") -> Dataset[tuple[torch.Tensor, int]]:
    """50,000 images to train on and 10,000 to test on, every class as often.

    Each split is `LabelledImages`: images (n, 3, 32, 32) uint8, labels (n,). There is
    no validation split: take one from the training images. Locally they are ordered by
    class; decoding takes about half a minute.

    Raises:
        ValueError: a source it doesn't have.
        DataUnavailable: a file is missing or damaged, or there is no network.
    """
    check_source(NAME, source, SOURCES)
    if source == "local":
        splits = {split: unpack(split) for split in ("train", "test")}
        where = f"COURSE_DATA/{FOLDER}: JPEG copies, lossy"
    else:
        data = hub.load(HUB, sources=SOURCES)
        splits = {
            split: LabelledImages(
                stack(data[split]["img"], "RGB"), torch.tensor(data[split]["label"][:])
            )
            for split in ("train", "test")
        }
        where = HUB
    return Dataset(
        name=NAME,
        splits=splits,
        source=f"{source} ({where})",
        licence="none stated (cite Krizhevsky 2009)",
        bytes=sum(split.images.numel() for split in splits.values()),
        labels=LABELS,
    )


def unpack(split: str) -> LabelledImages:
    """The local "train" or "test"; raises as `load` does."""
    from PIL import Image

    packed = read_bytes(FOLDER, f"cifar10_{split}_jpeg.tar.xz", SOURCES)
    images, labels = [], []
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(packed))) as archive:
        for member in archive:
            if file := archive.extractfile(member):  # none for a folder
                images.append(Image.open(io.BytesIO(file.read())))
                labels.append(LABELS.index(member.name.split("/")[1]))
    return LabelledImages(stack(images, "RGB"), torch.tensor(labels))
