"""The attention core and the masks against PyTorch's own, and against wrong ones."""

import math

import pytest
import torch
from torch.nn import functional as F

from utils.nn.attention import scaled_dot_product_attention as attend
from utils.nn.masks import causal_mask, combine_masks, padding_mask

BATCH, HEADS, QUERY, KEY, WIDTH, VALUE = 2, 3, 4, 5, 6, 7


@pytest.fixture
def inputs():
    torch.manual_seed(0)
    shapes = (QUERY, WIDTH), (KEY, WIDTH), (KEY, VALUE)
    return [torch.randn(BATCH, HEADS, *s, dtype=torch.float64) for s in shapes]


MASK = torch.rand(BATCH, 1, QUERY, KEY, generator=torch.manual_seed(1)) < 0.6
MASK[..., 0] = True
BIAS = torch.randn(1, HEADS, QUERY, KEY, generator=torch.manual_seed(2)).double()


def off(got, expected):
    return (got - expected).abs().max().item()


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("bias", [None, BIAS])
@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("scale", [None, 1.0])
def test_equals_pytorch(inputs, mask, bias, scale, need_weights):
    both = mask
    if bias is not None:
        both = bias if mask is None else bias.masked_fill(~mask, -math.inf)
    expected = F.scaled_dot_product_attention(*inputs, attn_mask=both, scale=scale)
    output, weights = attend(
        *inputs, mask=mask, bias=bias, scale=scale, need_weights=need_weights
    )
    assert off(output, expected) < 1e-12
    if need_weights:
        assert off(weights.sum(-1), torch.ones(())) < 1e-12
        assert off(weights @ inputs[2], expected) < 1e-12


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("bias", [None, BIAS])
@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("queries", [1, 3, KEY])
def test_causal_is_a_causal_mask(inputs, queries, mask, bias, need_weights):
    """Also with fewer queries than keys: they are the last ones."""
    query = inputs[0].repeat(1, 1, 2, 1)[..., :queries, :]
    options = {"need_weights": need_weights}
    mask, bias = (x if x is None else x[..., :1, :] for x in (mask, bias))
    both = combine_masks(mask, causal_mask(queries, KEY))
    expected, _ = attend(query, *inputs[1:], mask=both, bias=bias, **options)
    output, weights = attend(
        query, *inputs[1:], mask=mask, bias=bias, is_causal=True, **options
    )
    assert off(output, expected) < 1e-12
    assert weights is None or (weights[..., ~causal_mask(queries, KEY)] == 0).all()
    everything, _ = attend(query, *inputs[1:], mask=mask, bias=bias, **options)
    assert queries == 1 or off(everything, expected) > 1e-3


@pytest.mark.parametrize(
    "wrong",
    [
        lambda q, k, v: (q @ k.mT / WIDTH).softmax(-1) @ v,
        lambda q, k, v: (q @ k.mT).softmax(-1) @ v,
        lambda q, k, v: (q @ k.mT / WIDTH**0.5).softmax(-2) @ v,
        lambda q, k, v: (k @ q.mT / WIDTH**0.5).softmax(-1).mT @ v,
        lambda q, k, v: ((q @ k.mT / WIDTH**0.5).softmax(-1) * MASK) @ v,
    ],
    ids=["divided by d", "no scale", "over queries", "swapped", "mask after softmax"],
)
def test_wrong_attention_is_far_off(inputs, wrong):
    """What the parity test must catch lies far outside its tolerance."""
    mask = MASK if "MASK" in wrong.__code__.co_names else None
    assert off(wrong(*inputs), attend(*inputs, mask=mask)[0]) > 1e-3


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("bias", [None, BIAS])
def test_a_query_that_may_see_nothing_gets_zeros(inputs, bias, need_weights):
    mask = MASK.clone()
    mask[0, 0, 1] = False
    inputs = [x.requires_grad_() for x in inputs]
    output, weights = attend(*inputs, mask=mask, bias=bias, need_weights=need_weights)
    assert (output[0, :, 1] == 0).all()
    assert weights is None or (weights[0, :, 1] == 0).all()
    output.sum().backward()
    assert all(x.grad.isfinite().all() for x in inputs)


@pytest.mark.parametrize("need_weights", [True, False])
def test_a_mask_of_ones_and_zeros_is_refused(inputs, need_weights):
    for mask in (torch.ones(QUERY, KEY), torch.ones(QUERY, KEY).long()):
        with pytest.raises(TypeError, match="mask must be boolean .* was torch"):
            attend(*inputs, mask=mask, need_weights=need_weights)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize(
    "shape", [(BATCH, KEY), (KEY, QUERY), (BATCH + 1, 1, QUERY, KEY), (2, QUERY, KEY)]
)
def test_a_mask_of_the_wrong_shape_is_refused(inputs, shape, need_weights):
    mask = torch.ones(shape, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"broadcast to .* = \(2, 3, 4, 5\), was \("):
        attend(*inputs, mask=mask, need_weights=need_weights)
    for right in ((KEY,), (1, KEY), (QUERY, 1), (HEADS, QUERY, KEY), (2, 1, 1, KEY)):
        mask = torch.ones(right, dtype=torch.bool)
        assert attend(*inputs, mask=mask, need_weights=need_weights)[0].isfinite().all()


def test_the_future_is_hidden():
    assert causal_mask(3).tolist() == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    # With two keys out of a cache, the single query is the last one.
    assert causal_mask(1, 3).tolist() == [[True, True, True]]
    assert causal_mask(2, 3).tolist() == [[True, True, False], [True, True, True]]
    with pytest.raises(ValueError, match="3 queries"):
        causal_mask(3, 2)


def test_padding_is_hidden_from_every_query():
    mask = padding_mask(torch.tensor([[1, 1, 0], [1, 0, 0]]))
    assert mask.shape == (2, 1, 1, 3)
    assert mask[:, 0, 0].tolist() == [[True, True, False], [True, False, False]]
    with pytest.raises(ValueError, match="batch, key"):
        padding_mask(torch.ones(3))
    with pytest.raises(ValueError, match=r"\(2, 4\), was \(2, 3\)"):
        padding_mask(torch.ones(2, 3), (2, 4))
    assert padding_mask(torch.ones(2, 3)) is None
    # Zeros for tokens, as masks have them that are added to scores: the opposite.
    for hidden in (-1e4, -math.inf):
        with pytest.raises(ValueError, match="1 for tokens and 0 for padding, had -"):
            padding_mask(torch.tensor([[0.0, 0.0, hidden]]))


def test_masks_are_combined():
    hidden = padding_mask(torch.tensor([[1, 1, 0]]))
    both = combine_masks(causal_mask(3), None, hidden)
    expected = [[True, False, False], [True, True, False], [True, True, False]]
    assert both[0, 0].tolist() == expected
    assert combine_masks(None, hidden) is hidden
    assert combine_masks(None, None) is None
