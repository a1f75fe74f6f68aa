"""ViT: an image is a sequence of patches (Dosovitskiy et al. 2021, 2010.11929)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from utils.models.output import ModelOutput
from utils.models.tasks import SequenceClassification
from utils.nn.attention import SelfAttention
from utils.nn.blocks import TransformerBlock, TransformerStack
from utils.nn.feed_forward import FeedForward
from utils.nn.heads import ClassificationHead, Pooler
from utils.nn.init import normal_init

Sides = tuple[int, int]


@dataclass(frozen=True)
class ViTConfig:
    """ViT-B/16 on images of 224 × 224 unless changed; `VIT_B_32` is below.

    `image` and `patch` are in pixels, one number for a square or (height, width).
    """

    image: int | Sides = 224
    patch: int | Sides = 16
    channels: int = 3
    width: int = 768
    layers: int = 12
    heads: int = 12
    inner_width: int = 3072
    activation: str = "gelu"
    eps: float = 1e-12
    dropout: float = 0.0
    attention_dropout: float = 0.0
    init_std: float = 0.02


VIT_B_16 = ViTConfig()
VIT_B_32 = replace(ViTConfig(), patch=32)


def sides(size: int | Sides) -> Sides:
    """(height, width), equal where one number is given."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def by(size: Sides) -> str:
    """height × width, for messages."""
    return f"{size[0]} × {size[1]}"


class PatchEmbedding(nn.Module):
    """Cut an image into patches and map each to a vector, [CLS] first (§3.1).

    A convolution whose stride is its kernel: one linear layer for all patches, its
    weights in the order (channel, row, column). Patches are read row by row.

    Args:
        image, patch: (height, width) in pixels.
        channels: of the image.
        width: of the vectors.
        dropout: on the sum of vectors and positions.

    Raises:
        ValueError: the patch doesn't divide the image.
    """

    def __init__(
        self,
        image: Sides,
        patch: Sides,
        channels: int,
        width: int,
        dropout: float = 0.0,
    ):
        super().__init__()
        if image[0] % patch[0] or image[1] % patch[1]:
            raise ValueError(
                f"patches of {by(patch)} pixels don't divide an image of {by(image)}:"
                " the last ones would never be seen"
            )
        self.image, self.patch, self.channels = image, patch, channels
        patches = (image[0] // patch[0]) * (image[1] // patch[1])
        self.projection = nn.Conv2d(channels, width, kernel_size=patch, stride=patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, 1 + patches, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """(batch, channels, height, width) -> (batch, 1 + patches, width).

        Raises:
            TypeError: the pixels aren't floating-point numbers.
            ValueError: an image of another size or number of channels.
        """
        expected = (self.channels, *self.image)
        if pixel_values.ndim != 4 or pixel_values.shape[1:] != expected:
            raise ValueError(
                "pixel_values must be (batch, channels, height, width) with "
                f"{self.channels} channels of {by(self.image)} pixels, "
                f"was {tuple(pixel_values.shape)}"
            )
        if not pixel_values.is_floating_point():
            raise TypeError(
                "pixel_values must be floating-point numbers, scaled as in training; "
                f"was {pixel_values.dtype}"
            )
        # (batch, width, rows, columns), the grid of patches
        x = self.projection(pixel_values.to(self.projection.weight.dtype))
        x = x.flatten(2).transpose(1, 2)  # (batch, patches, width)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1)
        return self.dropout(x + self.positions)


def build_block(config: ViTConfig) -> TransformerBlock:
    """One layer: normalised before attention and before the feed-forward."""
    return TransformerBlock(
        SelfAttention(config.width, config.heads, dropout=config.attention_dropout),
        FeedForward(config.width, config.inner_width, config.activation),
        partial(nn.LayerNorm, config.width, eps=config.eps),
        norm_first=True,
        dropout=config.dropout,
    )


class ViTModel(nn.Module):
    """Patches, a stack of blocks, a last normalisation, a pooler on [CLS].

    Args:
        config: sizes.
        pooler: leave it out where no head reads it.
    """

    def __init__(self, config: ViTConfig, *, pooler: bool = True):
        super().__init__()
        self.config = config
        self.embeddings = PatchEmbedding(
            sides(config.image),
            sides(config.patch),
            config.channels,
            config.width,
            config.dropout,
        )
        self.encoder = TransformerStack(
            [build_block(config) for _ in range(config.layers)]
        )
        self.norm = nn.LayerNorm(config.width, eps=config.eps)
        self.pooler = Pooler(config.width) if pooler else None
        self.apply(partial(normal_init, std=config.init_std))
        for parameter in (self.embeddings.cls_token, self.embeddings.positions):
            nn.init.normal_(parameter, std=config.init_std)

    def forward(
        self, pixel_values: Tensor, output_attentions: bool = False
    ) -> ModelOutput:
        """Encode a batch of images.

        Position 0 of what comes out is [CLS], then come the patches row by row. The
        hidden states are those before the last normalisation.

        Args:
            pixel_values: (batch, channels, height, width), scaled as in training.

        Raises:
            TypeError: the pixels aren't floating-point numbers.
            ValueError: an image of another size or number of channels.
        """
        x, hidden, weights = self.encoder(
            self.embeddings(pixel_values), need_weights=output_attentions
        )
        x = self.norm(x)
        return ModelOutput(
            last_hidden_state=x,
            pooler_output=None if self.pooler is None else self.pooler(x),
            hidden_states=tuple(hidden),
            attentions=tuple(w for (w,) in weights) if output_attentions else None,
        )


class ViTForImageClassification(SequenceClassification):
    """One label for an image, from [CLS] after the last normalisation."""

    def __init__(self, config: ViTConfig, classes: int = 1000):
        super().__init__(
            ViTModel(config, pooler=False),
            ClassificationHead(config.width, classes),
            position=0,
        )
