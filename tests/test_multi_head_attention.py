"""Self- and cross-attention equal nn.MultiheadAttention, and wrong ones don't."""

import pytest
import torch
from torch import nn

from utils.nn.attention import CrossAttention, SelfAttention
from utils.nn.masks import padding_mask

BATCH, QUERY, KEY, WIDTH, HEADS = 2, 7, 9, 30, 5
TOLERANCE = 1e-12


def theirs(bias: bool = True) -> nn.MultiheadAttention:
    """In float64, every parameter random: their biases start at zero."""
    torch.manual_seed(0)
    made = nn.MultiheadAttention(WIDTH, HEADS, bias=bias, batch_first=True).double()
    with torch.no_grad():
        for p in made.parameters():
            p.copy_(0.3 * torch.randn_like(p))
    return made.eval()


def self_attention(reference: nn.MultiheadAttention) -> SelfAttention:
    """Queries, keys and values stand one under the other in both."""
    bias = reference.in_proj_bias is not None
    made = SelfAttention(WIDTH, HEADS, bias=bias).double().eval()
    made.load_state_dict(
        {
            name.replace("in_proj_", "qkv_proj."): tensor
            for name, tensor in reference.state_dict().items()
        }
    )
    return made


def cross_attention(reference: nn.MultiheadAttention) -> CrossAttention:
    state = {}
    for name, tensor in reference.state_dict().items():
        if "in_proj_" in name:
            kind = name.removeprefix("in_proj_")
            state[f"q_proj.{kind}"] = tensor[:WIDTH]
            state[f"kv_proj.{kind}"] = tensor[WIDTH:]
        else:
            state[name] = tensor
    bias = reference.in_proj_bias is not None
    made = CrossAttention(WIDTH, HEADS, bias=bias).double().eval()
    made.load_state_dict(state)
    return made


def vectors(time: int, seed: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(BATCH, time, WIDTH, generator=rng, dtype=torch.float64)


def padded(time: int) -> torch.Tensor:
    """1 for tokens; the second row ends early."""
    mask = torch.ones(BATCH, time, dtype=torch.long)
    mask[1, time - 3 :] = 0
    return mask


def distance(reference, ours, kind, *, mask=None, causal=False, need_weights=True):
    """The largest difference of outputs and, head by head, of weights."""
    x = vectors(QUERY, 1)
    memory = x if kind == "self" else vectors(KEY, 2)
    hidden = None
    if causal:  # theirs: True = may not attend
        hidden = torch.ones(QUERY, QUERY, dtype=torch.bool).triu(1)
    options = {} if kind == "cross" else {"is_causal": causal}
    with torch.no_grad():
        expected = reference(
            x,
            memory,
            memory,
            key_padding_mask=None if mask is None else mask == 0,
            attn_mask=hidden,
            average_attn_weights=False,
        )
        got = ours(
            *((x,) if kind == "self" else (x, memory)),
            mask=None if mask is None else padding_mask(mask),
            need_weights=need_weights,
            **options,
        )
    pairs = zip(got, expected, strict=True)
    return max((a - b).abs().max().item() for a, b in pairs if a is not None)


MAKE = {"self": self_attention, "cross": cross_attention}


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("with_padding", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", MAKE)
def test_equals_torch(kind, bias, with_padding, need_weights):
    reference = theirs(bias)
    mask = padded(QUERY if kind == "self" else KEY) if with_padding else None
    ours = MAKE[kind](reference)
    options = {"mask": mask, "need_weights": need_weights}
    assert distance(reference, ours, kind, **options) < TOLERANCE
    if kind == "self":
        assert distance(reference, ours, kind, causal=True, **options) < TOLERANCE


@pytest.mark.parametrize("kind", MAKE)
def test_gradients_equal_torch(kind):
    reference = theirs()
    ours, x = MAKE[kind](reference), vectors(QUERY, 1)
    memory = x if kind == "self" else vectors(KEY, 2)
    reference(x, memory, memory)[0].square().sum().backward()
    ours(*((x,) if kind == "self" else (x, memory)))[0].square().sum().backward()
    with torch.no_grad():
        for p in reference.parameters():
            p.copy_(p.grad)
    expected = dict(MAKE[kind](reference).named_parameters())
    for name, p in ours.named_parameters():
        assert (p.grad - expected[name]).abs().max() < 1e-10, name


@torch.no_grad()
def rolled(module, name, part):
    """The parts of a fused projection, one further."""
    for p in getattr(module, name).parameters():
        p.copy_(p.roll(part, 0))


@torch.no_grad()
def heads_in_turns(module):
    """Rows of the projection dealt out to the heads like cards."""
    weight = module.qkv_proj.weight
    cut = weight.unflatten(0, (3, HEADS, WIDTH // HEADS))
    weight.copy_(cut.transpose(1, 2).flatten(0, 2))


WRONG = {
    "no bias": ("self", lambda m: nn.init.zeros_(m.qkv_proj.bias)),
    "no bias on the output": ("self", lambda m: nn.init.zeros_(m.out_proj.bias)),
    "queries for keys": ("self", lambda m: rolled(m, "qkv_proj", WIDTH)),
    "heads in turns": ("self", heads_in_turns),
    "no scale": ("self", lambda m: setattr(m, "scale", 1.0)),
    "scale by the width": ("self", lambda m: setattr(m, "scale", WIDTH**-0.5)),
    "keys for values": ("cross", lambda m: rolled(m, "kv_proj", WIDTH)),
    "no scale across": ("cross", lambda m: setattr(m, "scale", 1.0)),
    "no bias of queries": ("cross", lambda m: nn.init.zeros_(m.q_proj.bias)),
}


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_ones_are_caught(mistake, need_weights):
    kind, perturb = WRONG[mistake]
    reference = theirs()
    ours = MAKE[kind](reference)
    perturb(ours)
    assert distance(reference, ours, kind, need_weights=need_weights) > 1e-4


@pytest.mark.parametrize("kind", MAKE)
def test_padding_that_is_seen_is_caught(kind):
    reference = theirs()
    ours = MAKE[kind](reference)
    forward = ours.forward
    ours.forward = lambda *x, **options: forward(*x, **options | {"mask": None})
    mask = padded(QUERY if kind == "self" else KEY)
    assert distance(reference, ours, kind, mask=mask) > 1e-2


@pytest.mark.parametrize("kind", [SelfAttention, CrossAttention])
def test_heads_that_do_not_divide_the_width(kind):
    with pytest.raises(ValueError, match="7 heads don't divide a width of 30"):
        kind(30, 7)
    assert kind(30, 7, head_width=4).out_proj.in_features == 28
