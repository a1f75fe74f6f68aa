"""The 2017 Transformer equals torch.nn.Transformer with its weights mapped."""

import math

import pytest
import torch
from models import encoder_decoder as both
from models import parity
from torch import nn
from torch.nn import functional as F

from utils.models.transformer import Transformer, TransformerConfig
from utils.nn.attention import CrossAttention, SelfAttention
from utils.nn.blocks import CrossAttentionBlock, TransformerBlock
from utils.nn.embeddings import TransformerEmbeddings
from utils.nn.feed_forward import FeedForward
from utils.nn.normalization import post_norm, pre_norm

# It says which of its fast paths it can't take.
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor")

WIDTH, HEADS, INNER = 30, 5, 41
ORDERS = {"post-norm": False, "pre-norm": True}


def make_theirs(norm_first: bool) -> nn.Transformer:
    """Every parameter random. Torch ends both stacks with a norm, the paper doesn't."""
    torch.manual_seed(0)
    theirs = nn.Transformer(
        WIDTH, HEADS, 3, 2, INNER, 0.1, batch_first=True, norm_first=norm_first
    )
    if not norm_first:
        theirs.encoder.norm = theirs.decoder.norm = None
    with torch.no_grad():
        for p in theirs.parameters():
            p.add_(0.3 * torch.randn_like(p))
    return theirs.double().eval()


def mapped(theirs: nn.Transformer) -> dict[str, torch.Tensor]:
    """Their state dict in our names; q, k and v stand one under the other in both."""
    names = {
        "self_attn.in_proj_": "attention.qkv_proj.",
        "self_attn.out_proj.": "attention.out_proj.",
        "multihead_attn.out_proj.": "cross_attention.out_proj.",
        "linear": "feed_forward.fc",
        ".layers.": ".stack.blocks.",
    }
    ours = {}
    for name, tensor in theirs.state_dict().items():
        for old, new in names.items():
            name = name.replace(old, new)
        if name.startswith("decoder"):
            name = name.replace("norm2", "norm_cross").replace("norm3", "norm2")
        name = name.replace("coder.norm.", "coder.stack.norm.")
        head, found, p = name.partition("multihead_attn.in_proj_")
        if found:
            ours[f"{head}cross_attention.q_proj.{p}"] = tensor[:WIDTH]
            ours[f"{head}cross_attention.kv_proj.{p}"] = tensor[WIDTH:]
        else:
            ours[name] = tensor
    return {f"backbone.{name}": tensor for name, tensor in ours.items()}


def make_ours(theirs: nn.Transformer, norm_first: bool) -> Transformer:
    config = TransformerConfig(
        parity.VOCABULARY, WIDTH, 3, 2, HEADS, INNER, both.POSITIONS, norm_first
    )
    ours = Transformer(config).double().eval()
    missing, unexpected = ours.load_state_dict(mapped(theirs), strict=False)
    tables = ["backbone.token.weight"]
    tables += [f"backbone.{s}coder.embeddings.positions.weight" for s in ("en", "de")]
    assert (sorted(missing), unexpected) == (sorted(tables), [])
    for side in (ours.backbone.encoder, ours.backbone.decoder):
        side.embeddings.positions.weight.copy_(paper_positions(both.POSITIONS))
    return ours


def paper_positions(length: int) -> torch.Tensor:
    """§3.5, number by number."""
    table = torch.zeros(length, WIDTH, dtype=torch.float64)
    for position in range(length):
        for i in range(WIDTH // 2):
            angle = position / 10_000 ** (2 * i / WIDTH)
            table[position, 2 * i] = math.sin(angle)
            table[position, 2 * i + 1] = math.cos(angle)
    return table


def run_theirs(theirs: nn.Transformer, table: torch.Tensor, inputs):
    """Encoder's output, decoder's output, logits: §3.4 around their stacks."""

    def embed(ids):
        return table[ids] * math.sqrt(WIDTH) + paper_positions(ids.shape[1])

    hidden = inputs["attention_mask"] == 0  # theirs: True = may not attend
    target = inputs["decoder_input_ids"]
    causal = nn.Transformer.generate_square_subsequent_mask(
        target.shape[1], dtype=torch.float64
    )
    memory = theirs.encoder(embed(inputs["input_ids"]), src_key_padding_mask=hidden)
    x = theirs.decoder(
        embed(target), memory, tgt_mask=causal, memory_key_padding_mask=hidden
    )
    return memory, x, x @ table.T


@pytest.fixture
def inputs():
    found = both.inputs(start=2, padding=1)
    del found["decoder_attention_mask"]
    return found


def differences(theirs, ours, inputs) -> list[float]:
    """At tokens, not at padding, where torch's fast path leaves zeros."""
    tokens = inputs["attention_mask"].bool()
    found = ours(**inputs)
    memory, x, logits = run_theirs(theirs, ours.backbone.token.weight, inputs)
    got = found.encoder_last_hidden_state[tokens], found.last_hidden_state, found.logits
    pairs = zip(got, (memory[tokens], x, logits), strict=True)
    return [(a - b).abs().max().item() for a, b in pairs]


@pytest.mark.parametrize("order", ORDERS)
def test_equals_torch(order, inputs):
    theirs = make_theirs(ORDERS[order])
    ours = make_ours(theirs, ORDERS[order])
    with torch.no_grad():
        assert max(differences(theirs, ours, inputs)) < 1e-10


@pytest.mark.parametrize("order", ORDERS)
def test_gradients_equal_torchs(order, inputs):
    theirs = make_theirs(ORDERS[order])
    ours = make_ours(theirs, ORDERS[order])
    ours(**inputs).logits.square().mean().backward()
    table = ours.backbone.token.weight
    own = table.detach().clone().requires_grad_()
    run_theirs(theirs, own, inputs)[2].square().mean().backward()
    assert (table.grad - own.grad).abs().max() < 1e-9
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(parameter.grad)
    expected = mapped(theirs)
    for name, parameter in ours.named_parameters():
        if name in expected:
            assert (parameter.grad - expected[name]).abs().max() < 1e-9, name
    assert len(expected) == len(list(ours.parameters())) - 1


def other_order(model):
    for module in model.modules():
        if isinstance(module, TransformerBlock | CrossAttentionBlock):
            module.residual = pre_norm if module.residual is post_norm else post_norm


def positions_moved(model):
    positions = model.backbone.decoder.embeddings.positions
    positions.weight = positions.weight.roll(1, 0)


PERTURBATIONS = {
    "no bias in attention": parity.zero_("qkv_proj.bias"),
    "no bias on the source": parity.zero_("kv_proj.bias"),
    "no bias in the feed-forward": parity.zero_("fc2.bias"),
    "norms swapped": parity.swap_("norm1", "norm2"),
    "norms of the decoder swapped": parity.swap_("norm_cross", "norm2"),
    "the other order": other_order,
    "GELU": parity.set_(FeedForward, activation=F.gelu),
    "eps 1e-6": parity.set_(nn.LayerNorm, eps=1e-6),
    "no scale": parity.set_(SelfAttention, scale=1.0),
    "no scale across": parity.set_(CrossAttention, scale=1.0),
    "embeddings not scaled": parity.set_(TransformerEmbeddings, scale=1.0),
    "positions moved": positions_moved,
    "keys for values": both.keys_for_values,
    "padding of the source seen": both.memory_unmasked,
    "head untied": both.another_head,
    "future seen": both.not_causal,
}


@pytest.mark.parametrize("order", ORDERS)
@torch.no_grad()
def test_wrong_models_are_caught(order, inputs):
    theirs = make_theirs(ORDERS[order])
    for name, perturb in PERTURBATIONS.items():
        ours = make_ours(theirs, ORDERS[order])
        perturb(ours)
        assert max(differences(theirs, ours, inputs)) > 1e-8, name


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "check",
    [
        both.assert_cached_equals_uncached,
        both.assert_cached_with_padded_target,
        both.assert_rows_can_be_reordered,
        both.assert_future_is_hidden,
        both.assert_refuses_bad_input,
        both.assert_refuses_long_input,
    ],
)
def test_decoding(check, order, inputs):
    model = make_ours(make_theirs(ORDERS[order]), ORDERS[order])
    check(model, inputs)


def test_new_models():
    """Sinusoids as in the paper, scaled token vectors as large, logits of order 1."""
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(parity.VOCABULARY, WIDTH, 2, 2, HEADS, INNER))
    table = model.backbone.encoder.embeddings.positions.weight
    assert (table - paper_positions(1024)).abs().max() < 1e-6
    assert 0.9 < model.backbone.token.weight.std() * WIDTH**0.5 < 1.1
    ids = torch.randint(parity.VOCABULARY, (2, 7))
    found = model.eval()(input_ids=ids, decoder_input_ids=ids)
    assert 0.5 < found.logits.std() < 2
    assert len(found.encoder_hidden_states) == len(found.decoder_hidden_states) == 3


def test_published_size():
    count = parity.count(lambda: Transformer(TransformerConfig()))
    assert count == 63_082_496
    table = 37_000 * 512
    theirs = parity.count(lambda: nn.Transformer(512, 8))
    assert count == theirs - 2 * 2 * 512 + table
