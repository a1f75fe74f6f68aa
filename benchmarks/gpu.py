"""On a GPU, in bfloat16: training GPT-2, writing with it, classifying images.

Sides of a pair run the same way: both compiled, or both as they come. `--tiny` runs on
a CPU too, in its own type and without recordings: that all of it runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import decoders
import pairs
import torch
import transformers
from contest import Contest, Race
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    ViTConfig,
    ViTForImageClassification,
)

from utils.generation import greedy
from utils.generation.static import StaticDecoderSteps
from utils.objectives.language_modeling import causal_loss

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# Matrices of a multiple of 64 columns are quicker; nanoGPT pads the vocabulary so.
VOCABULARY = 50_304
# Of the largest output: bfloat16 keeps 8 bits, and twelve layers round differently.
TOLERANCE = 0.06
VIT_TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
}


def gpt_config(tiny: bool) -> GPT2Config:
    """GPT-2, 124M, with a padded vocabulary and nothing dropped."""
    sizes = decoders.TINY if tiny else {"vocab_size": VOCABULARY}
    return decoders.gpt(False, sizes)


def timed(run: Callable[[], Any]) -> Callable[[], Any]:
    """The same, and the device has finished when it returns."""

    def finished() -> Any:
        found = run()
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()
        return found

    return finished


def close(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference, in parts of the largest number.

    Raises:
        AssertionError: it is beyond the tolerance.
    """
    scale = theirs.float().abs().max()
    difference = ((ours.float() - theirs.float()).abs().max() / scale).item()
    assert ours.shape == theirs.shape and difference < TOLERANCE, (
        f"outputs {tuple(ours.shape)} and {tuple(theirs.shape)} are {difference:.1e} "
        "of the largest apart"
    )
    return difference


def training(
    hf_class: type,
    config: Any,
    our_loss: pairs.Loss,
    their_loss: pairs.Loss,
    work: int,
    unit: str,
    sizes: dict[str, Any],
) -> Contest:
    """A step of training, both compiled: products in bfloat16, all else in float32.

    Ours with `fullgraph`, which raises where the graph breaks.
    """
    torch.set_float32_matmul_precision("high")
    ours, theirs = pairs.build(hf_class, config)
    backends = fastest_attention()
    sides = []
    for model, loss, whole in (ours, our_loss, True), (theirs, their_loss, False):
        model.to(DEVICE).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
        compiled = torch.compile(loss, fullgraph=whole, dynamic=False)
        sides.append(timed(step(model, compiled, optimizer, backends)))

    def agree() -> float:
        # The second loss and the third depend on the gradients before.
        found = [torch.stack([side() for _ in range(3)]) for side in sides]
        return close(*found)

    sizes = sizes | {"attention": [backend.name for backend in backends]}
    return Contest(sides[0], sides[1], agree, work, unit, sizes)


def step(
    model: nn.Module,
    loss: pairs.Loss,
    optimizer: torch.optim.Optimizer,
    backends: list[SDPBackend],
) -> Callable[[], Tensor]:
    """A function that makes one step and returns the loss before it."""

    def run() -> Tensor:
        with (
            sdpa_kernel(backends, set_priority=True),
            torch.autocast(DEVICE.type, torch.bfloat16, enabled=DEVICE.type == "cuda"),
        ):
            found = loss(model)
        found.backward()
        optimizer.step()
        optimizer.zero_grad()
        return found.detach()

    return run


def fastest_attention() -> list[SDPBackend]:
    """PyTorch's kernels in the order of their speed at GPT-2's size, both ways."""
    flash, cudnn = SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION
    rest = [SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    if DEVICE.type != "cuda":
        return [flash, *rest]
    q, k, v = (
        torch.randn(
            16, 12, 1024, 64, device=DEVICE, dtype=torch.bfloat16, requires_grad=True
        )
        for _ in range(3)
    )

    def seconds(backend: SDPBackend) -> float:
        with sdpa_kernel(backend):
            for repeat in range(13):
                if repeat == 3:
                    torch.cuda.synchronize()
                    start = time.perf_counter()
                F.scaled_dot_product_attention(q, k, v, is_causal=True).sum().backward()
            torch.cuda.synchronize()
        return time.perf_counter() - start

    return [*sorted([flash, cudnn], key=seconds), *rest]


def gpt_training(tiny: bool) -> Contest:
    """The next token at every position, 32 sequences of 1,024."""
    config = gpt_config(tiny)
    batch, length = (2, 8) if tiny else (32, 1024)
    ids = pairs.ids(config.vocab_size, batch, length).to(DEVICE)
    return training(
        GPT2LMHeadModel,
        config,
        lambda model: causal_loss(model(ids).logits, ids),
        lambda model: model(ids, labels=ids, use_cache=False).loss,
        ids.numel(),
        "tokens",
        {"batch": batch, "time": length, "vocabulary": config.vocab_size},
    )


def vit_training(tiny: bool) -> Contest:
    """ViT-B/16 on 128 images of 224 × 224."""
    config, images = vit(tiny, 2 if tiny else 128)
    labels = torch.randint(1000, (len(images),), device=DEVICE)
    return training(
        ViTForImageClassification,
        config,
        lambda model: F.cross_entropy(model(images).logits, labels),
        lambda model: F.cross_entropy(model(images).logits, labels),
        len(images),
        "images",
        {"images": list(images.shape)},
    )


def vit(tiny: bool, batch: int) -> tuple[ViTConfig, Tensor]:
    """The configuration, and a batch of noise."""
    sizes = VIT_TINY if tiny else {}
    dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config = ViTConfig(**sizes, **dropout, num_labels=1000)
    size = config.image_size
    return config, torch.randn(batch, 3, size, size, device=DEVICE)


def vit_forward(tiny: bool) -> Contest:
    """ViT-B/16's classes of 256 images, both compiled, in bfloat16 throughout."""
    config, images = vit(tiny, 2 if tiny else 256)
    models = [model.to(DEVICE, half()) for model in pairs.build(*THEIR_VIT, config)]
    images = images.to(half())
    compiled = [
        torch.compile(model, fullgraph=whole, dynamic=False)
        for model, whole in zip(models, (True, False), strict=True)
    ]

    def side(model: Callable[..., Any]) -> Callable[[], Tensor]:
        @torch.inference_mode()
        def run() -> Tensor:
            return model(pixel_values=images).logits

        return timed(run)

    run_ours, run_theirs = map(side, compiled)
    sizes = {"pixel_values": list(images.shape)}
    return Contest(
        run_ours,
        run_theirs,
        lambda: close(run_ours(), run_theirs()),
        len(images),
        "images",
        sizes,
    )


THEIR_VIT = (ViTForImageClassification,)


def half() -> torch.dtype:
    """bfloat16; a CPU's own type, where it would only be slow."""
    return torch.bfloat16 if DEVICE.type == "cuda" else torch.float32


def gpt_decoding(tiny: bool, *, static: bool) -> Contest:
    """GPT-2, one sequence, greedily: ours recorded, against generate.

    Args:
        static: they, too, with a static cache and compiled; else as it comes.
    """
    config = gpt_config(tiny)
    prompt, new = (3, 4) if tiny else (32, 128)
    ours, theirs = pairs.build(GPT2LMHeadModel, config)
    ours, theirs = ours.to(DEVICE, half()), theirs.to(DEVICE, half())
    ids = pairs.ids(config.vocab_size, 1, prompt).to(DEVICE)
    mask = torch.ones_like(ids)
    steps = StaticDecoderSteps(ours, 1, prompt + new, compiled=not tiny)
    options: dict[str, Any] = {}
    if static and not tiny:
        options["cache_implementation"] = "static"

    def run_ours() -> Tensor:
        return greedy(steps.restart(), ids, max_new_tokens=new, end=None)

    def run_theirs() -> Tensor:
        return theirs.generate(
            ids,
            attention_mask=mask,
            max_new_tokens=new,
            do_sample=False,
            pad_token_id=0,
            **options,
        )

    @torch.inference_mode()
    def agree() -> float:
        """At each step of a text that they wrote: the likeliest may be a tie."""
        written = run_theirs()
        expected = theirs(written, use_cache=False).logits[:, prompt - 1 : -1]
        found = [steps.restart().step(ids).clone()]
        for place in range(prompt, prompt + new - 1):
            found.append(steps.step(written[:, place : place + 1]).clone())
        return close(torch.stack(found, dim=1), expected)

    sizes = {"read": prompt, "written": new, "batch": 1}
    return Contest(timed(run_ours), timed(run_theirs), agree, new, "tokens", sizes)


CASES = [
    Race(
        "gpu-gpt2-train",
        "GPT-2, 124M: a step of training on 32 × 1,024 tokens; both compiled",
        1.0,
        gpt_training,
        pace=350_000,
    ),
    Race(
        "gpu-gpt2-decode",
        "GPT-2, 124M: greedy, one sequence; ours recorded, theirs as it comes",
        1.0,
        lambda tiny: gpt_decoding(tiny, static=False),
    ),
    Race(
        "gpu-vit-forward",
        "ViT-B/16: forward of 256 images; both compiled",
        1.0,
        vit_forward,
    ),
    Race(
        "gpu-vit-train",
        "ViT-B/16: a step of training on 128 images; both compiled",
        1.0,
        vit_training,
    ),
    Race(
        "gpu-gpt2-decode-static",
        "GPT-2, 124M: greedy, one sequence; both static and compiled",
        1.0,
        lambda tiny: gpt_decoding(tiny, static=True),
    ),
]

transformers.logging.set_verbosity_error()
