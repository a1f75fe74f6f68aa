"""Handwritten digits of 8 × 8 pixels: a ViT and a CNN, with few images and with many.

The ViT of the most images is `vit-digits` among the course's weights.
"""

from __future__ import annotations

from typing import Any

import torch

from recipes.images import compare
from recipes.training import Run, described
from utils.data import digits
from utils.models.vit import ViTForImageClassification

WHAT = "accuracy of a ViT and a CNN on scikit-learn's digits against their number"
NAME = "vit-digits"

CPU = {
    "patch": 2,
    "width": 64,
    "layers": 3,
    "heads": 4,
    "inner_width": 128,
    "channels": 40,
    "levels": 2,
    "batch": 64,
    "sizes": {100: 400, 300: 600, 600: 800, 1347: 1500},
    "evaluations": 4,
    "rate": 1e-3,
    "cnn_rate": 3e-3,
    "dropout": 0.1,
    "smoothing": 0.1,
    "weight_decay": 0.05,
    "decay": 0.99,
    "shift": 1,
    "mirror": False,
}
PRESETS = {
    "cpu": CPU,
    "gpu": CPU,
    "tiny": CPU
    | {
        "patch": 4,
        "width": 8,
        "layers": 1,
        "heads": 2,
        "inner_width": 8,
        "channels": 2,
        "batch": 8,
        "sizes": {20: 4, 40: 4},
        "evaluations": 2,
    },
}


def run(run: Run) -> dict[str, Any]:
    """Train each kind with each number of images."""
    data = digits.load()
    models = compare(run, data.splits["train"], data.splits["test"])
    most = max(run.preset["sizes"])
    reached = [
        part["final"]["accuracy"]
        for part in run.parts.values()
        if part["images"] == most
    ]
    model, mean, spread = models["vit"]
    reads_pixels(model, mean.item(), spread.item())
    run.save(
        NAME,
        model,
        None,
        run.parts[f"vit-{most}"],
        data,
        config=model.backbone.config,
        classes=10,
    )
    return {"parts": run.parts, "value": max(reached), "data": described(data)}


def reads_pixels(model: ViTForImageClassification, mean: float, spread: float) -> None:
    """Put the normalisation of the pixels into the layer that reads them first."""
    patches: Any = model.get_submodule("backbone.embeddings.projection")
    with torch.no_grad():
        patches.bias -= patches.weight.sum((1, 2, 3)) * mean / spread
        patches.weight /= spread
