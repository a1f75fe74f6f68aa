"""CIFAR-10: what a ViT and a CNN reach with few images and with many.

The local images are JPEG copies: their pixels aren't quite the published ones.
"""

from __future__ import annotations

from typing import Any

from recipes.images import compare
from recipes.training import Run, described
from utils.data import cifar10
from utils.data.images import LabelledImages

WHAT = "accuracy of a ViT and a CNN on CIFAR-10 against the number of images"

GPU = {
    "patch": 4,
    "width": 192,
    "layers": 6,
    "heads": 6,
    "inner_width": 704,
    "channels": 96,
    "levels": 3,
    "batch": 256,
    "sizes": {1000: 1000, 5000: 2000, 20_000: 3000, 50_000: 5000},
    "evaluations": 4,
    "rate": 1e-3,
    "cnn_rate": 3e-3,
    "floor": 0.0,
    "dropout": 0.1,
    "smoothing": 0.1,
    "weight_decay": 0.05,
    "decay": 0.99,
    "shift": 4,
    "mirror": True,
}
PRESETS = {
    "gpu": GPU,
    "gpu-vit": GPU | {"kinds": ("vit",)},
    "gpu-cnn": GPU | {"kinds": ("cnn",)},
    "cpu": GPU
    | {
        "width": 96,
        "layers": 4,
        "heads": 3,
        "inner_width": 384,
        "channels": 40,
        "batch": 64,
        "sizes": {1000: 500, 5000: 1000, 20_000: 2000},
    },
    "tiny": GPU
    | {
        "patch": 16,
        "width": 8,
        "layers": 1,
        "heads": 2,
        "inner_width": 8,
        "channels": 2,
        "levels": 2,
        "batch": 8,
        "sizes": {20: 4, 40: 4},
        "evaluations": 2,
        "test": 30,
    },
}


def run(run: Run) -> dict[str, Any]:
    """Train each kind with each number of images."""
    data = cifar10.load()
    train, test = data["train"], data["test"]
    assert isinstance(train, LabelledImages) and isinstance(test, LabelledImages)
    compare(run, train, test[: run.preset.get("test")])
    most = max(run.preset["sizes"])
    reached = [
        part["final"]["accuracy"]
        for part in run.parts.values()
        if part["images"] == most
    ]
    return {"parts": run.parts, "value": max(reached), "data": described(data)}
