"""Large products are `nn.functional.linear`'s, by whichever library, with gradients."""

import pytest
import torch
from torch.nn import functional as F

from utils.nn import products
from utils.nn.products import large_linear

SHAPES = [(1, 96), (1, 1, 96), (5, 96), (2, 3, 96), (96,)]


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch):
    monkeypatch.setattr(products, "LARGE", 1)


def numbers(shape, dtype, bias):
    torch.manual_seed(0)
    sizes = [shape, (70, 96), (70,)]
    found = [torch.randn(size, dtype=dtype, requires_grad=True) for size in sizes]
    return found if bias else found[:2]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_with_gradients(shape, bias, dtype):
    inputs = numbers(shape, dtype, bias)
    upstream = torch.randn(*shape[:-1], 70, dtype=dtype)
    results = []
    for function in (large_linear, F.linear):
        output = function(*inputs)
        results.append([output, *torch.autograd.grad(output, inputs, upstream)])
    for got, expected in zip(*results, strict=True):
        assert got.shape == expected.shape
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bias", [True, False])
def test_equal_without(shape, bias, monkeypatch):
    inputs = numbers(shape, torch.float32, bias)
    with torch.no_grad():
        expected = F.linear(*inputs)
        torch.testing.assert_close(large_linear(*inputs), expected, atol=1e-4, rtol=0)
        # Where PyTorch comes without oneDNN.
        monkeypatch.setattr(products, "_by_onednn", lambda tensor: False)
        torch.testing.assert_close(large_linear(*inputs), expected, atol=1e-4, rtol=0)


def test_onednn_is_taken_where_nothing_is_learned(monkeypatch):
    """Else it would give no gradients, in silence."""
    calls = []
    original = torch.ops.mkldnn._linear_pointwise

    def counted(*arguments):
        calls.append(1)
        return original(*arguments)

    monkeypatch.setattr(torch.ops.mkldnn, "_linear_pointwise", counted)
    inputs = numbers((2, 96), torch.float32, True)
    assert large_linear(*inputs).requires_grad and not calls
    with torch.inference_mode():
        large_linear(*inputs)
    assert len(calls) == torch.backends.mkldnn.is_available()
