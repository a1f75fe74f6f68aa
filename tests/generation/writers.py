"""Tiny models of every kind that writes, and transformers' with the same weights."""

from __future__ import annotations

import itertools

import torch
import transformers
from models import parity
from torch import Tensor, nn

from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.models.transformer import Transformer, TransformerConfig
from utils.models.ulmfit import AWDLSTMConfig, AWDLSTMLMHeadModel
from utils.pretrained import from_hf

VOCABULARY, POSITIONS = parity.VOCABULARY, 64
# Not 0: transformers' beam search takes that for none and pads with the end.
PADDING = 1

GPT = {
    "vocab_size": VOCABULARY,
    "n_embd": 30,
    "n_layer": 3,
    "n_head": 5,
    "n_positions": POSITIONS,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
SEQ2SEQ = {
    "vocab_size": VOCABULARY,
    "d_model": 30,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 5,
    "decoder_attention_heads": 5,
    "encoder_ffn_dim": 41,
    "decoder_ffn_dim": 41,
    "max_position_embeddings": POSITIONS,
}
T5 = {
    "vocab_size": VOCABULARY,
    "d_model": 30,
    "d_kv": 7,
    "d_ff": 41,
    "num_layers": 2,
    "num_heads": 5,
    "decoder_start_token_id": 0,
}


class UntiedT5(transformers.T5ForConditionalGeneration):
    """Version 1.1 as published: transformers ties it unless its file says otherwise."""

    _tied_weights_keys = transformers.T5Model._tied_weights_keys


UntiedT5.__name__ = "T5ForConditionalGeneration"
GATED = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
THEIRS = {
    "gpt2": (transformers.GPT2LMHeadModel, transformers.GPT2Config(**GPT)),
    "gpt1": (transformers.OpenAIGPTLMHeadModel, transformers.OpenAIGPTConfig(**GPT)),
    "bart": (
        transformers.BartForConditionalGeneration,
        transformers.BartConfig(**SEQ2SEQ),
    ),
    "pegasus": (
        transformers.PegasusForConditionalGeneration,
        transformers.PegasusConfig(**SEQ2SEQ),
    ),
    "t5": (
        transformers.T5ForConditionalGeneration,
        transformers.T5Config(**T5),
    ),
    "t5-1.1": (UntiedT5, transformers.T5Config(**T5, **GATED)),
}
DECODERS = ("gpt2", "gpt1", "awd-lstm")
OURS = {
    "awd-lstm": lambda: AWDLSTMLMHeadModel(
        AWDLSTMConfig(VOCABULARY, embedding_width=20, hidden_width=30)
    ),
    "transformer": lambda: Transformer(
        TransformerConfig(VOCABULARY, 30, 2, 3, 5, 41, POSITIONS)
    ),
    "seq2seq": lambda: Seq2Seq(Seq2SeqConfig(VOCABULARY, VOCABULARY)),
    "seq2seq-bahdanau": lambda: Seq2Seq(
        Seq2SeqConfig(VOCABULARY, VOCABULARY, context_first=True)
    ),
}
NAMES = (*THEIRS, *OURS)


def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """Transformers' model and ours with its weights, all of them random."""
    theirs = parity.make(*THEIRS[name], randomised=True)
    vary(theirs)
    # What BART's and Pegasus' configurations force upon generation.
    theirs.generation_config.forced_eos_token_id = None
    return theirs, from_hf(theirs)


def ours(name: str) -> nn.Module:
    if name in THEIRS:
        return pair(name)[1]
    torch.manual_seed(0)
    model = OURS[name]().double().eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn_like(p))
    vary(model)
    return model


def vary(model: nn.Module) -> None:
    """Let norms turn vectors and positions weigh more.

    Else a tied table finds the token just read likeliest: one token all the way.
    """
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith("weight") and p.ndim == 1:
                p.copy_(torch.randn_like(p))
            elif "position" in name or "wpe" in name:
                p.mul_(10)


def prompts(name: str, *, padded: bool = True) -> dict[str, Tensor]:
    """Three rows; padded on the left for decoders, on the right for sources."""
    torch.manual_seed(1)
    ids = torch.randint(3, VOCABULARY, (3, 9))
    mask = torch.ones_like(ids)
    if padded:
        for row, padding in ((1, 3), (2, 6)):
            side = slice(None, padding) if name in DECODERS else slice(-padding, None)
            mask[row, side] = 0
    return {"input_ids": ids, "attention_mask": mask}


def start(name: str) -> dict[str, int]:
    return {"start": 2} if name == "transformer" else {}


class Table:
    """A stepper of a table: p(next | the last token), (vocabulary, vocabulary)."""

    def __init__(self, probabilities: list[list[float]]):
        self.logits = torch.tensor(probabilities).log()

    def step(self, ids: Tensor) -> Tensor:
        return self.logits[ids[:, -1]]

    def reorder(self, rows: Tensor) -> None:
        """There is no more to it than the last token."""

    def best(self, first: int, end: int, longest: int, divide) -> list[tuple]:
        """All sequences up to `longest` new tokens with their scores, best first."""
        found = []
        states = range(len(self.logits))
        for length in range(1, longest + 1):
            for new in itertools.product(states, repeat=length):
                if end in new[:-1] or (new[-1] != end and length < longest):
                    continue
                path = zip((first, *new), new, strict=False)
                score = sum(self.logits[a, b].item() for a, b in path)
                found.append((score / divide(length), new))
        return sorted(found, reverse=True)
