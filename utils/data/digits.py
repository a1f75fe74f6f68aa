"""Handwritten digits as sequences: 1,797 images of 8 × 8 pixels from scikit-learn.

They are the test part of "Optical Recognition of Handwritten Digits" (Alpaydin and
Kaynak 1998, UCI Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0): scans of
32 × 32 from thirteen writers, each pixel here the count of dark ones in a 4 × 4 block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from utils.data.dataset import Dataset, check_source
from utils.data.images import LabelledImages

NAME = "digits"


@dataclass(frozen=True)
class Digits(Dataset[tuple[Tensor, int]]):
    """The data set; its images also as sequences: eight steps of eight pixels."""

    splits: Mapping[str, LabelledImages]

    @property
    def train_images(self) -> Tensor:
        """(n, 8, 8), float32 in [0, 1], row by row from the top."""
        return self.splits["train"].images.squeeze(1)

    @property
    def train_labels(self) -> Tensor:
        """(n,), int64"""
        return self.splits["train"].labels

    @property
    def test_images(self) -> Tensor:
        """(n, 8, 8), as those of training."""
        return self.splits["test"].images.squeeze(1)

    @property
    def test_labels(self) -> Tensor:
        """(n,), int64"""
        return self.splits["test"].labels

    def __str__(self) -> str:
        return (
            f"{len(self.train_labels):,} digits to train on, {len(self.test_labels)} "
            f"held out, 8 × 8 pixels\nsource: {self.source}; licence: {self.licence}"
        )


def load(test_size: int = 450, seed: int = 0, source: str = "embedded") -> Digits:
    """The digits, the held-out ones drawn with every class in its share.

    The splits are `LabelledImages`: images (n, 1, 8, 8), float32 in [0, 1], dark on
    white as 1 on 0, and labels (n,). The file doesn't say who wrote what, so both hold
    digits by all writers.

    Raises:
        ValueError: `test_size` isn't between 10 and 1,787 (one image of each class on
            either side), or a source other than "embedded".
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    check_source(NAME, source, ("embedded",))
    found = load_digits()
    if not 10 <= test_size <= len(found.target) - 10:
        raise ValueError(
            f"test_size must be between 10 and {len(found.target) - 10}, "
            f"was {test_size}"
        )
    parts = train_test_split(
        found.images / 16,
        found.target,
        test_size=test_size,
        random_state=seed,
        stratify=found.target,
    )
    train_images, test_images = (
        torch.tensor(p, dtype=torch.float32).unsqueeze(1) for p in parts[:2]
    )
    train_labels, test_labels = (torch.tensor(p, dtype=torch.long) for p in parts[2:])
    return Digits(
        name=NAME,
        splits={
            "train": LabelledImages(train_images, train_labels),
            "test": LabelledImages(test_images, test_labels),
        },
        source="embedded (scikit-learn)",
        licence="CC BY 4.0",
        bytes=found.images.size,
        labels=tuple("0123456789"),
    )
