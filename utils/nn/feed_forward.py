"""The part of a block that treats each position on its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

gelu_tanh = partial(F.gelu, approximate="tanh")

# Two functions go by the name of GELU: x Φ(x) with the error function (BERT, BART, ViT
# as Hugging Face has them) and its tanh approximation (GPT-2, ALBERT, gated T5).
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "gelu_tanh": gelu_tanh,
    "tanh": F.tanh,
}


class FeedForward(nn.Module):
    """Wider, activation, back: fc2(activation(fc1(x))) (Vaswani et al. 2017, §3.3).

    Args:
        width: of the input and the output.
        inner_width: between the two layers.
        activation: a name in `ACTIVATIONS`.
        dropout: after the activation.
    """

    def __init__(
        self,
        width: int,
        inner_width: int,
        activation: str = "gelu",
        *,
        bias: bool = True,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.fc1 = nn.Linear(width, inner_width, bias=bias)
        self.fc2 = nn.Linear(inner_width, width, bias=bias)
        self.activation = ACTIVATIONS[activation]
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., width)."""
        inner = self.activation(self.fc1(x))
        return self.fc2(self.dropout(inner) if self.training else inner)


class GatedFeedForward(nn.Module):
    """fc2(activation(gate(x)) · fc1(x)) without biases (Shazeer 2020; T5 1.1)."""

    def __init__(
        self,
        width: int,
        inner_width: int,
        activation: str = "gelu_tanh",
        *,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.gate = nn.Linear(width, inner_width, bias=False)
        self.fc1 = nn.Linear(width, inner_width, bias=False)
        self.fc2 = nn.Linear(inner_width, width, bias=False)
        self.activation = ACTIVATIONS[activation]
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> (..., width)."""
        inner = self.activation(self.gate(x)) * self.fc1(x)
        return self.fc2(self.dropout(inner) if self.training else inner)
