"""Models that write: greedy decoding, a forward pass, a step of training."""

from __future__ import annotations

from typing import Any

import pairs
import torch
from contest import Contest, Race
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    GPT2Config,
    GPT2LMHeadModel,
)

from utils.generation import greedy
from utils.objectives.language_modeling import causal_loss

TINY = {"n_layer": 1, "n_embd": 16, "n_head": 2, "vocab_size": 31, "n_positions": 32}
COURSE = {
    "n_layer": 4,
    "n_embd": 128,
    "n_head": 4,
    "vocab_size": 1024,
    "n_positions": 256,
}
# Nothing ends the writing: both sides write as many tokens.
NO_END = {"bos_token_id": None, "eos_token_id": None}
NO_DROPOUT = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}


def gpt(tiny: bool, sizes: dict[str, int]) -> GPT2Config:
    """GPT-2 of a size; of its own, 124M, where `sizes` is empty."""
    return GPT2Config(**(TINY if tiny else sizes), **NO_DROPOUT, **NO_END)


def gpt_decoding(tiny: bool, sizes: dict[str, int], prompt: int, new: int) -> Contest:
    """One sequence, greedily, with a cache."""
    config = gpt(tiny, sizes)
    prompt, new = (3, 4) if tiny else (prompt, new)
    ours, theirs = pairs.build(GPT2LMHeadModel, config)
    return decoding(ours, theirs, pairs.ids(config.vocab_size, 1, prompt), new)


def bart_decoding(tiny: bool) -> Contest:
    """One source, greedily, with caches for both attentions."""
    layers, width, source, new = (1, 16, 5, 4) if tiny else (2, 128, 32, 64)
    config = BartConfig(
        vocab_size=31 if tiny else 1024,
        d_model=width,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        max_position_embeddings=256,
        decoder_start_token_id=2,
        forced_eos_token_id=None,
        **NO_END,
    )
    ours, theirs = pairs.build(BartForConditionalGeneration, config)
    return decoding(ours, theirs, pairs.ids(config.vocab_size, 1, source), new)


def decoding(ours: nn.Module, theirs: Any, ids: Tensor, new: int) -> Contest:
    """`new` tokens after `ids`, or for them."""
    mask = torch.ones_like(ids)

    def run_ours() -> Tensor:
        return greedy(ours, ids, max_new_tokens=new, end=None)

    def run_theirs() -> Tensor:
        return theirs.generate(
            ids,
            attention_mask=mask,
            max_new_tokens=new,
            do_sample=False,
            num_beams=1,
            pad_token_id=0,
        )

    def agree() -> float:
        got, expected = run_ours(), run_theirs()
        assert torch.equal(got, expected), f"wrote {got}, not {expected}"
        return 0.0

    sizes = {"read": ids.shape[1], "written": new, "batch": 1}
    return Contest(run_ours, run_theirs, agree, new, "tokens", sizes)


def weights_read(tiny: bool) -> Contest:
    """Our decoding against what it can't go below: each weight read once a token.

    Decoding multiplies each matrix by one vector, and the matrices don't fit into the
    cache. So "theirs" is just these products, with torch's own kernel.
    """
    contest = gpt_decoding(tiny, {}, prompt=1, new=32)
    with torch.device("meta"):
        shapes = [
            tuple(p.shape)
            for name, p in GPT2LMHeadModel(gpt(tiny, {})).named_parameters()
            if p.ndim == 2 and "wpe" not in name
        ]
    # Conv1D's matrices are (in, out), the table is (out, in).
    matrices = [
        torch.randn(shape if i == 0 else shape[::-1]) for i, shape in enumerate(shapes)
    ]
    vectors = [torch.randn(1, matrix.shape[1]) for matrix in matrices]

    @torch.inference_mode()
    def sweep() -> None:
        for _ in range(contest.work):
            for matrix, vector in zip(matrices, vectors, strict=True):
                F.linear(vector, matrix)

    contest.theirs = sweep
    contest.sizes["bytes"] = sum(matrix.nbytes for matrix in matrices)
    return contest


def gpt_forward(tiny: bool) -> Contest:
    """Logits at every position."""
    config = gpt(tiny, {})
    inputs = {"input_ids": pairs.ids(config.vocab_size, 1, 8 if tiny else 256)}
    return pairs.forward(
        GPT2LMHeadModel, config, inputs, "logits", their_options={"use_cache": False}
    )


def gpt_training(tiny: bool, sizes: dict[str, int], batch: int, time: int) -> Contest:
    """The next token at every position."""
    config = gpt(tiny, sizes)
    batch, time = (2, 8) if tiny else (batch, time)
    ids = pairs.ids(config.vocab_size, batch, time)
    return pairs.training(
        GPT2LMHeadModel,
        config,
        lambda model: causal_loss(model(ids).logits, ids),
        lambda model: model(ids, labels=ids, use_cache=False).loss,
        ids.numel(),
        {"batch": batch, "time": time},
    )


CASES = [
    Race(
        "gpt-course-decode",
        "GPT of 4 layers × 128, vocabulary 1,024: greedy, cached",
        3.5,
        lambda tiny: gpt_decoding(tiny, COURSE, prompt=16, new=128),
    ),
    Race(
        "gpt-course-train",
        "GPT of 4 layers × 128, vocabulary 1,024: a step of training",
        1.2,
        lambda tiny: gpt_training(tiny, COURSE, batch=16, time=64),
    ),
    Race(
        "bart-course-decode",
        "BART of 2 + 2 layers × 128, vocabulary 1,024: greedy, cached",
        3.0,
        bart_decoding,
    ),
    Race(
        "gpt2-decode",
        "GPT-2, 124M: greedy, cached",
        1.0,
        lambda tiny: gpt_decoding(tiny, {}, prompt=32, new=32),
    ),
    Race(
        "gpt2-decode-bound",
        "GPT-2, 124M: greedy, against reading the weights once a token",
        0.9,
        weights_read,
        theirs="reading",
    ),
    Race("gpt2-forward", "GPT-2, 124M: forward over 256 tokens", 1.1, gpt_forward),
    Race(
        "gpt2-train",
        "GPT-2, 124M: a step of training on 256 tokens",
        1.1,
        lambda tiny: gpt_training(tiny, {}, batch=1, time=256),
    ),
]
