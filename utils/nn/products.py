"""Products with a large matrix, by the quicker of the two libraries on a CPU.

PyTorch multiplies float32 by MKL. For one row that takes a single thread, and for a
table of many rows (the vocabulary) MKL is at its best when the table comes first.
oneDNN, which PyTorch has too, does both well but knows no gradients. Measured on two
cores of an AMD EPYC: 768 × 50,257 for one row 13 ms by MKL and 7 by oneDNN, for 256
rows 330, 215 with the table first, and 190.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

LARGE = 2**19
"""Numbers in a matrix from which on it pays: a call of oneDNN costs 25 µs more."""

ONEDNN = torch.backends.mkldnn.is_available() and hasattr(
    torch.ops.mkldnn, "_linear_pointwise"
)
"""Whether this PyTorch has oneDNN, looked up once."""


def large_linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """As `torch.nn.functional.linear`: x (..., in), weight (out, in) -> (..., out).

    The result needn't be contiguous.
    """
    if (
        weight.device.type != "cpu"
        or weight.numel() < LARGE
        or torch.compiler.is_compiling()
    ):
        return F.linear(x, weight, bias)
    learning = torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)
    if not learning and _by_onednn(x) and _by_onednn(weight):
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    if x.numel() == x.shape[-1]:
        return F.linear(x, weight, bias)
    columns = x.flatten(0, -2).mT  # (in, rows)
    found = (
        weight @ columns
        if bias is None
        else torch.addmm(bias[:, None], weight, columns)
    )
    return found.mT.unflatten(0, x.shape[:-1])


def _by_onednn(tensor: Tensor) -> bool:
    return ONEDNN and tensor.dtype == torch.float32 and tensor.is_contiguous()
