"""A small model's forward without what costs more than the arithmetic.

At lesson size, writing a token is a few hundred calls of a few microseconds. A third of
the time goes into `nn.Module.__call__`, which looks for hooks, and
`nn.Module.__getattr__`, which looks for parameters. `lean` makes a view of a model that
does without: the same code of `forward`, the same tensors. And two threads wait for one
another longer than either of them computes: `one_thread`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils.nn.embeddings import TokenEmbedding
from utils.nn.positions import LearnedPositions
from utils.nn.products import LARGE, large_linear

# Multiplications to a token up to which one thread is no slower than two, and never
# waits for another that the machine keeps busy elsewhere; measured on two cores.
FEW = 8_000_000


@contextmanager
def one_thread(model: nn.Module, rows: int) -> Iterator[None]:
    """Let PyTorch use one thread on a CPU while a token of each row costs little.

    The number of threads is the whole process's: others see it, too, until the end.
    """
    parameters = list(model.parameters())
    small = rows * sum(p.numel() for p in parameters) <= FEW
    threads = torch.get_num_threads()
    if threads == 1 or not small or any(p.device.type != "cpu" for p in parameters):
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def lean(module: nn.Module) -> Any:
    """What is called like the module in eval mode, quicker, and gives the same.

    It shares the module's tensors and is for reading only. A module that has hooks or a
    forward of its own (patched, compiled) stays as it is. Ids aren't checked again: the
    prompt was, and what a model writes is in its vocabulary.
    """
    if isinstance(module, nn.ModuleList) and not _is_special(module):
        return [lean(child) for child in module]
    if _is_special(module):
        return module
    kind: type = type(module)
    large = kind is nn.Linear and module.get_parameter("weight").numel() >= LARGE
    view = object.__new__(_LargeLinear if large else _lean_class(kind))
    children = {n: lean(m) for n, m in module._modules.items() if m is not None}
    view.__dict__.update(
        vars(module)
        | module._parameters
        | module._buffers
        | children
        | {"_modules": children}
    )
    return view


def _is_special(module: nn.Module) -> bool:
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or "forward" in vars(module)
        or type(module).__call__ is not nn.Module.__call__
    )


@cache
def _lean_class(kind: type[nn.Module]) -> type[nn.Module]:
    """A subclass whose call is its forward, and nothing around it."""
    call = _LEAVES.get(kind, kind.forward)
    return type(kind.__name__, (kind,), {"__call__": call})


def _linear(self: nn.Linear, x: Tensor) -> Tensor:
    return F.linear(x, self.weight, self.bias)


class _LargeLinear(nn.Linear):
    """A layer whose weights take longer to read than a call to make."""

    def __call__(self, x: Tensor) -> Tensor:
        return large_linear(x, self.weight, self.bias)


def _layer_norm(self: nn.LayerNorm, x: Tensor) -> Tensor:
    shape = self.normalized_shape
    return torch.layer_norm(x, shape, self.weight, self.bias, self.eps)


def _token(self: TokenEmbedding, ids: Tensor) -> Tensor:
    return torch.embedding(self.weight, ids)


def _position(self: LearnedPositions, positions: Tensor) -> Tensor:
    if self.offset:
        positions = positions + self.offset
    return torch.embedding(self.weight, positions)


def _same(self: nn.Module, x: Tensor) -> Tensor:
    return x


# What these do in eval mode, without the functions in between.
_LEAVES: dict[type[nn.Module], Callable[..., Tensor]] = {
    nn.Linear: _linear,
    nn.LayerNorm: _layer_norm,
    nn.Dropout: _same,
    nn.Identity: _same,
    TokenEmbedding: _token,
    LearnedPositions: _position,
}
