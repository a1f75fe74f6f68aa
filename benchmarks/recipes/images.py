"""A ViT and a small CNN with as many parameters, against the number of images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recipes.training import Run, fit, parameters
from utils.data.images import LabelledImages
from utils.models.vit import ViTConfig, ViTForImageClassification
from utils.training.averaging import Averaged
from utils.training.optimizers import adamw

KINDS = ("vit", "cnn")


class CNN(nn.Module):
    """Twos of 3 × 3 convolutions, each twice as wide on half the image; then a mean.

    Simonyan and Zisserman 2015 (VGG) with batch normalisation (Ioffe and Szegedy 2015).
    """

    def __init__(self, channels: int, width: int, depth: int, classes: int):
        super().__init__()
        layers: list[nn.Module] = []
        for level in range(depth):
            wide = width * 2**level
            for _ in range(2):
                layers += [
                    nn.Conv2d(channels, wide, 3, padding=1, bias=False),
                    nn.BatchNorm2d(wide),
                    nn.ReLU(),
                ]
                channels = wide
            if level < depth - 1:
                layers.append(nn.MaxPool2d(2))
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(channels, classes)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """(batch, channels, height, width) -> (batch, classes)."""
        return self.head(self.layers(pixel_values).mean((2, 3)))


@dataclass
class Augmented:
    """Batches of images, shifted by a few pixels and, if asked for, half of them
    mirrored, all on the device.

    Args:
        images: (n, channels, height, width), normalised.
        labels: (n,)
        shift: pixels at most, in each direction; what comes in is 0, the mean.
    """

    images: Tensor
    labels: Tensor
    rows: int
    shift: int
    mirror: bool
    seed: int

    def __post_init__(self) -> None:
        self.generator = torch.Generator().manual_seed(self.seed)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.labels), generator=self.generator)
        for chosen in order.split(self.rows):
            if len(chosen) == min(self.rows, len(order)):
                chosen = chosen.to(self.labels.device)
                yield self._moved(self.images[chosen]), self.labels[chosen]

    def _moved(self, images: Tensor) -> Tensor:
        n, channels, height, width = images.shape
        device, rng = images.device, self.generator
        padded = F.pad(images, (self.shift,) * 4)
        top, left = torch.randint(2 * self.shift + 1, (2, n, 1), generator=rng)
        row = top + torch.arange(height)  # (n, height)
        column = left + torch.arange(width)
        if self.mirror:
            mirrored = torch.rand(n, 1, generator=rng) < 0.5
            column = torch.where(mirrored, column.flip(1), column)
        row, column = row.to(device), column.to(device)
        image = torch.arange(n, device=device)[:, None, None, None]
        channel = torch.arange(channels, device=device)[:, None, None]
        return padded[image, channel, row[:, None, :, None], column[:, None, None, :]]


def build(kind: str, preset: Mapping[str, Any], shape: tuple[int, ...]) -> nn.Module:
    """A model for images (channels, height, width) of ten classes."""
    if kind == "cnn":
        return CNN(shape[0], preset["channels"], preset["levels"], classes=10)
    return ViTForImageClassification(
        ViTConfig(
            image=(shape[1], shape[2]),
            patch=preset["patch"],
            channels=shape[0],
            width=preset["width"],
            layers=preset["layers"],
            heads=preset["heads"],
            inner_width=preset["inner_width"],
            dropout=preset["dropout"],
            eps=1e-6,
        ),
        classes=10,
    )


def scores(model: nn.Module, images: Tensor) -> Tensor:
    """(batch, channels, height, width) -> (batch, classes)."""
    found = model(images)
    return found if isinstance(found, Tensor) else found.logits


def compare(
    run: Run, train: LabelledImages, test: LabelledImages
) -> dict[str, tuple[Any, Tensor, Tensor]]:
    """Train both kinds on the first of the images, of a random order, in each size.

    What is reported is of the last weights' average: nothing is chosen by the test.

    Returns:
        for each kind, the model of the most images; what pixels are lessened by and
        divided by before they go in.
    """
    p = run.preset
    order = torch.randperm(
        len(train), generator=torch.Generator().manual_seed(run.seed)
    )
    images = train.images[order].to(run.device).float()
    labels = train.labels[order].to(run.device)
    mean = images.mean((0, 2, 3), keepdim=True)
    spread = images.std((0, 2, 3), keepdim=True)
    images = (images - mean) / spread
    test_images = (test.images.to(run.device).float() - mean) / spread
    test_labels = test.labels.to(run.device)

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, int]:
        x, y = batch
        smoothing = p["smoothing"]
        found = F.cross_entropy(
            scores(model, x), y, reduction="sum", label_smoothing=smoothing
        )
        return found, len(y)

    def evaluate(averaged: Averaged[nn.Module]) -> dict[str, float]:
        right, total = 0, 0.0
        for x, y in zip(test_images.split(1000), test_labels.split(1000), strict=True):
            found = scores(averaged.average, x)
            right += int((found.argmax(-1) == y).sum())
            total += F.cross_entropy(found, y, reduction="sum").item()
        return {"accuracy": right / len(test_labels), "loss": total / len(test_labels)}

    models = {}
    kinds = p.get("kinds", KINDS)
    all_steps = len(kinds) * sum(p["sizes"].values())
    for kind in kinds:
        for size, steps in p["sizes"].items():
            part = run.part(
                f"{kind}-{size}",
                steps / all_steps,
                steps=steps,
                every=max(1, steps // p["evaluations"]),
                warmup=steps // 10,
            )
            torch.manual_seed(run.seed)
            model = build(kind, p, tuple(images.shape[1:]))
            averaged = Averaged(model, p["decay"]).to(run.device)
            rate = p["rate"] if kind == "vit" else p["cnn_rate"]
            optimizer = adamw(averaged.model, rate, weight_decay=p["weight_decay"])
            batches = Augmented(
                images[:size],
                labels[:size],
                p["batch"],
                p["shift"],
                p["mirror"],
                run.seed,
            )
            found = fit(part, averaged, batches, loss, optimizer, evaluate)
            figures = {"parameters": parameters(averaged.average), "images": size}
            part.report(found | {"kind": kind} | figures)
            models[kind] = averaged.average.eval(), mean, spread
    return models
