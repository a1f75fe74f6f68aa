"""Recurrent layers: RNN, GRU and LSTM, written out.

Sources: Elman 1990; Cho et al. 2014 (arXiv 1406.1078) and Chung et al. 2014
(arXiv 1412.3555) for the GRU; Hochreiter and Schmidhuber 1997 with the forget gate of
Gers, Schmidhuber and Cummins 2000 for the LSTM.

Parameter names, gate order and initialisation are those of `torch.nn`, so that a state
dict of `torch.nn.GRU` loads into `GRU`, and back. Inputs and outputs are batch first.

Letters in shapes: B batch, T time, I input size, H hidden size, L layers, D directions.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Gates = dict[str, Tensor]
State = tuple[Tensor, ...]


# One step of each. `projected` is W_ih x + b_ih of that step: it depends on no state,
# so a layer computes it for all steps at once. States are tuples of (B, H).


def rnn_step(
    projected: Tensor, state: State, weight_hh: Tensor, bias_hh: Tensor | None
) -> tuple[State, Gates]:
    """One step of the plain RNN: (B, H) projected, state (h,)."""
    (h,) = state
    return (torch.tanh(projected + F.linear(h, weight_hh, bias_hh)),), {}


def gru_step(
    projected: Tensor,
    state: State,
    weight_hh: Tensor,
    bias_hh: Tensor | None,
    reset_after: bool = True,
) -> tuple[State, Gates]:
    """One step of the GRU: (B, 3H) projected in the order r, z, n, state (h,).

    z is the share of the old state that is *kept* (Cho et al., `torch.nn.GRU`); Chung
    et al. call the share of the candidate z, which is 1 - z here.

    With `reset_after` the reset gate is applied to U_n h + b_hn (`torch.nn.GRU`), else
    to h, before the product (Chung et al., and Cho et al. from its third version).
    """
    (h,) = state
    size = h.shape[-1]
    x_r, x_z, x_n = projected.chunk(3, dim=-1)
    if reset_after:
        h_r, h_z, h_n = F.linear(h, weight_hh, bias_hh).chunk(3, dim=-1)
        reset = torch.sigmoid(x_r + h_r)
        recurrent = reset * h_n
    else:
        bias_rz, bias_n = (
            (None, None) if bias_hh is None else bias_hh.split([2 * size, size])
        )
        weight_rz, weight_n = weight_hh.split([2 * size, size])
        h_r, h_z = F.linear(h, weight_rz, bias_rz).chunk(2, dim=-1)
        reset = torch.sigmoid(x_r + h_r)
        recurrent = F.linear(reset * h, weight_n, bias_n)
    update = torch.sigmoid(x_z + h_z)
    candidate = torch.tanh(x_n + recurrent)
    h = update * h + (1 - update) * candidate
    return (h,), {"reset": reset, "update": update, "candidate": candidate}


def lstm_step(
    projected: Tensor, state: State, weight_hh: Tensor, bias_hh: Tensor | None
) -> tuple[State, Gates]:
    """One step of the LSTM: (B, 4H) projected in the order i, f, g, o, state (h, c)."""
    h, c = state
    i, f, g, o = (projected + F.linear(h, weight_hh, bias_hh)).chunk(4, dim=-1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    c = f * c + i * g
    gates = {"input": i, "forget": f, "candidate": g, "output": o, "cell": c}
    return (o * c.tanh(), c), gates


class _Cell(nn.Module):
    """The parameters of one step, blocks of H rows a gate, U(-1/√H, 1/√H) at first."""

    blocks: int  # of H rows in each weight
    states: int = 1  # tensors carried from step to step
    weight_ih: Tensor
    weight_hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True):
        super().__init__()
        _check_sizes(input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        for name, value in _new_parameters(
            self.blocks, input_size, hidden_size, bias
        ).items():
            self.register_parameter(name, value)

    def step(self, projected: Tensor, state: State) -> tuple[State, Gates]:
        raise NotImplementedError

    def _step(self, x: Tensor, state: State | None) -> tuple[State, Gates]:
        _check_last("x", x, self.input_size)
        size = (*x.shape[:-1], self.hidden_size)
        if state is None:
            state = (x.new_zeros(size),) * self.states
        _check_state(state, self.states, size)
        return self.step(F.linear(x, self.weight_ih, self.bias_ih), state)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}"


class RNNCell(_Cell):
    """h' = tanh(W x + b_ih + U h + b_hh)."""

    blocks = 1

    def step(self, projected: Tensor, state: State) -> tuple[State, Gates]:
        return rnn_step(projected, state, self.weight_hh, self.bias_hh)

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        """(B, I) and (B, H), zeros if left out -> (B, H)."""
        (h,), _ = self._step(x, None if h is None else (h,))
        return h


class GRUCell(_Cell):
    """A gated recurrent unit; `gru_step` documents both conventions.

    Args:
        reset_after: True for `torch.nn.GRUCell`'s candidate, False for the paper's.
    """

    blocks = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        reset_after: bool = True,
    ):
        super().__init__(input_size, hidden_size, bias)
        self.reset_after = reset_after

    def step(self, projected: Tensor, state: State) -> tuple[State, Gates]:
        return gru_step(
            projected, state, self.weight_hh, self.bias_hh, self.reset_after
        )

    def forward(
        self, x: Tensor, h: Tensor | None = None, return_gates: bool = False
    ) -> Tensor | tuple[Tensor, Gates]:
        """(B, I) and (B, H), zeros if left out -> (B, H).

        With `return_gates` also a dict of "reset", "update", "candidate", each (B, H).
        """
        (h,), gates = self._step(x, None if h is None else (h,))
        return (h, gates) if return_gates else h


class LSTMCell(_Cell):
    """A long short-term memory cell with a forget gate, without peepholes."""

    blocks, states = 4, 2

    def step(self, projected: Tensor, state: State) -> tuple[State, Gates]:
        return lstm_step(projected, state, self.weight_hh, self.bias_hh)

    def forward(
        self,
        x: Tensor,
        state: tuple[Tensor, Tensor] | None = None,
        return_gates: bool = False,
    ) -> tuple[Tensor, Tensor] | tuple[tuple[Tensor, Tensor], Gates]:
        """(B, I) and (h, c), each (B, H), zeros if left out -> (h, c).

        With `return_gates` also a dict of "input", "forget", "candidate", "output" and
        "cell" (the new c), each (B, H).
        """
        (h, c), gates = self._step(x, state)
        return ((h, c), gates) if return_gates else (h, c)


class _Layers(nn.Module):
    """L layers in one or two directions over whole sequences.

    Given a mask (B, T), True for what is to be read, a step that is masked leaves the
    state as it was and gives an output of zero, in both directions: padding on either
    side changes nothing. `torch.nn` does the same with packed sequences.

    Parameters are named `weight_ih_l{layer}` (first layer (blocks·H, I), later ones
    (blocks·H, D·H)), `weight_hh_l{layer}` (blocks·H, H), `bias_ih_l{layer}`,
    `bias_hh_l{layer}` (blocks·H), with `_reverse` behind them for the second direction.

    Args:
        weight_dropout: share of each `weight_hh` dropped in training, the same entries
            at every step of a forward pass (Wan et al. 2013; Merity et al. 2018, §2).
    """

    blocks: int
    states: int = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        bidirectional: bool = False,
        *,
        weight_dropout: float = 0.0,
    ):
        super().__init__()
        _check_sizes(
            input_size=input_size, hidden_size=hidden_size, num_layers=num_layers
        )
        if not 0 <= weight_dropout < 1:
            raise ValueError(f"weight_dropout must be in [0, 1), was {weight_dropout}")
        self.weight_dropout = weight_dropout
        self.input_size, self.hidden_size = input_size, hidden_size
        self.num_layers, self.bidirectional = num_layers, bidirectional
        self.directions = ("", "_reverse") if bidirectional else ("",)
        for layer in range(num_layers):
            width = len(self.directions) * hidden_size if layer else input_size
            for direction in self.directions:
                parameters = _new_parameters(self.blocks, width, hidden_size, bias)
                for name, value in parameters.items():
                    self.register_parameter(f"{name}_l{layer}{direction}", value)

    def step(
        self,
        projected: Tensor,
        state: State,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
    ) -> tuple[State, Gates]:
        raise NotImplementedError

    def _run(
        self,
        x: Tensor,
        state: State | None,
        mask: Tensor | None = None,
        keep_gates: bool = False,
    ) -> tuple[Tensor, State, Gates]:
        """(B, T, I) -> output (B, T, D·H), states (L·D, B, H), gates (L·D, B, T, H).

        The gates only with `keep_gates`: they take several times the output's memory.
        """
        if x.ndim != 3 or x.shape[1] == 0:
            raise ValueError(
                f"x must be (batch, time, input) with time > 0, was {tuple(x.shape)}"
            )
        _check_last("x", x, self.input_size)
        rows = self.num_layers * len(self.directions)
        size = (rows, x.shape[0], self.hidden_size)
        if state is None:
            state = (x.new_zeros(size),) * self.states
        _check_state(state, self.states, size)
        _check_mask(mask, x.shape[:2])

        finals: list[State] = []
        all_gates: list[Gates] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction in self.directions:
                first = tuple(part[len(finals)] for part in state)
                output, final, gates = self._scan(
                    x, first, f"_l{layer}{direction}", mask, keep_gates
                )
                outputs.append(output)
                finals.append(final)
                all_gates.append(gates)
            x = torch.cat(outputs, dim=-1)  # (B, T, D·H), the next layer's input
        final = tuple(torch.stack(part) for part in zip(*finals, strict=True))
        gates = {name: torch.stack([g[name] for g in all_gates]) for name in gates}
        return x, final, gates

    def _scan(
        self,
        x: Tensor,
        state: State,
        suffix: str,
        mask: Tensor | None,
        keep_gates: bool,
    ) -> tuple[Tensor, State, Gates]:
        """One layer in one direction; outputs and gates stand at the step they read."""
        weight_ih, weight_hh, bias_ih, bias_hh = (
            getattr(self, name + suffix)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        weight_hh = F.dropout(weight_hh, self.weight_dropout, self.training)
        reverse = suffix.endswith("_reverse")
        steps = F.linear(x, weight_ih, bias_ih).unbind(1)  # T × (B, blocks·H)
        outputs, all_gates = [], []
        times = range(len(steps))
        for time in reversed(times) if reverse else times:
            before = state
            state, gates = self.step(steps[time], state, weight_hh, bias_hh)
            if mask is not None:
                read = mask[:, time, None]  # (B, 1)
                state = tuple(
                    torch.where(read, new, old)
                    for new, old in zip(state, before, strict=True)
                )
            outputs.append(state[0])
            if keep_gates:
                all_gates.append(gates)
        if reverse:
            outputs.reverse()
            all_gates.reverse()
        names = all_gates[0] if all_gates else ()
        gates = {k: torch.stack([g[k] for g in all_gates], 1) for k in names}
        output = torch.stack(outputs, 1)
        if mask is not None:
            output = output.masked_fill(~mask[..., None], 0.0)
        return output, state, gates

    def extra_repr(self) -> str:
        return (
            f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}, "
            f"bidirectional={self.bidirectional}"
        )


class RNN(_Layers):
    """Layers of `RNNCell`, the twin of `torch.nn.RNN(..., batch_first=True)`."""

    blocks = 1
    step = staticmethod(rnn_step)

    def forward(
        self, x: Tensor, h: Tensor | None = None, *, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """(B, T, I) and (L·D, B, H) -> output (B, T, D·H), last state (L·D, B, H)."""
        output, (h,), _ = self._run(x, None if h is None else (h,), mask)
        return output, h


class GRU(_Layers):
    """Layers of `GRUCell`, the twin of `torch.nn.GRU(..., batch_first=True)`.

    Args:
        reset_after: True for `torch.nn.GRU`'s candidate, False for the published one.
    """

    blocks = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        bidirectional: bool = False,
        reset_after: bool = True,
        *,
        weight_dropout: float = 0.0,
    ):
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            bidirectional,
            weight_dropout=weight_dropout,
        )
        self.reset_after = reset_after

    def step(
        self,
        projected: Tensor,
        state: State,
        weight_hh: Tensor,
        bias_hh: Tensor | None,
    ) -> tuple[State, Gates]:
        return gru_step(projected, state, weight_hh, bias_hh, self.reset_after)

    def forward(
        self,
        x: Tensor,
        h: Tensor | None = None,
        return_gates: bool = False,
        *,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Gates]:
        """(B, T, I) and (L·D, B, H) -> output (B, T, D·H), last state (L·D, B, H).

        With `return_gates` also a dict of "reset", "update", "candidate", each
        (L·D, B, T, H); the second direction's stand at the step that they read.
        """
        output, (h,), gates = self._run(
            x, None if h is None else (h,), mask, return_gates
        )
        return (output, h, gates) if return_gates else (output, h)


class LSTM(_Layers):
    """Layers of `LSTMCell`, the twin of `torch.nn.LSTM(..., batch_first=True)`."""

    blocks, states = 4, 2
    step = staticmethod(lstm_step)

    def forward(
        self,
        x: Tensor,
        state: tuple[Tensor, Tensor] | None = None,
        return_gates: bool = False,
        *,
        mask: Tensor | None = None,
    ) -> (
        tuple[Tensor, tuple[Tensor, Tensor]]
        | tuple[Tensor, tuple[Tensor, Tensor], Gates]
    ):
        """(B, T, I), (h, c) of (L·D, B, H) -> output (B, T, D·H), last (h, c).

        With `return_gates` also a dict of "input", "forget", "candidate", "output" and
        "cell" (c), each (L·D, B, T, H).
        """
        output, (h, c), gates = self._run(x, state, mask, return_gates)
        return (output, (h, c), gates) if return_gates else (output, (h, c))


def _new_parameters(
    blocks: int, input_size: int, hidden_size: int, bias: bool
) -> dict[str, nn.Parameter | None]:
    """U(-1/√H, 1/√H) for weights and biases alike, as in `torch.nn`."""
    rows, bound = blocks * hidden_size, hidden_size**-0.5

    def uniform(*shape: int) -> nn.Parameter:
        return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

    return {
        "weight_ih": uniform(rows, input_size),
        "weight_hh": uniform(rows, hidden_size),
        "bias_ih": uniform(rows) if bias else None,
        "bias_hh": uniform(rows) if bias else None,
    }


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, was {size}")


def _check_last(name: str, x: Tensor, width: int) -> None:
    if x.shape[-1] != width:
        raise ValueError(f"{name}'s last axis must be {width}, was {x.shape[-1]}")


def _check_state(state: State, count: int, shape: tuple[int, ...]) -> None:
    got = [tuple(part.shape) for part in state]
    if got != [shape] * count:
        expected = f"{count} of {shape}" if count > 1 else f"{shape}"
        raise ValueError(f"the first state must be {expected}, was {got}")


def _check_mask(mask: Tensor | None, shape: torch.Size) -> None:
    if mask is None:
        return
    if mask.dtype != torch.bool:
        raise TypeError(f"mask must be boolean, True = read; was {mask.dtype}")
    if mask.shape != shape:
        raise ValueError(f"mask must be {tuple(shape)}, was {tuple(mask.shape)}")
