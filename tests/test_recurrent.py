"""utils.nn.recurrent against torch.nn, and proof that the comparison can fail."""

import itertools

import pytest
import torch
from torch import nn

from utils.nn import recurrent

NAMES = ("RNN", "GRU", "LSTM")
TOLERANCE = 1e-12


def randomise(module):
    """Every parameter from N(0, 0.6): default biases would hide a dropped one."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(
                0.6 * torch.randn(parameter.shape, generator=generator).double()
            )


def pair(name, layers=1, bidirectional=False, sizes=(5, 7), **options):
    """The library's module and ours, float64, the same random weights."""
    reference = getattr(nn, name)(
        *sizes, layers, bidirectional=bidirectional, batch_first=True, **options
    ).double()
    ours = getattr(recurrent, name)(
        *sizes, layers, bidirectional=bidirectional, **options
    ).double()
    randomise(reference)
    ours.load_state_dict(reference.state_dict())
    return reference, ours


def first_state(name, reference, batch):
    directions = 2 if reference.bidirectional else 1
    size = (reference.num_layers * directions, batch, reference.hidden_size)
    h, c = torch.randn(2, *size, dtype=torch.float64)
    return (h, c) if name == "LSTM" else h


def tensors(result):
    output, state = result
    return [output, *(state if isinstance(state, tuple) else (state,))]


def distance(name, reference, ours, batch=3, time=6):
    """The largest difference over outputs and last states, shapes asserted equal."""
    torch.manual_seed(2)
    x = torch.randn(batch, time, reference.input_size, dtype=torch.float64)
    state = first_state(name, reference, batch)
    pairs = list(
        zip(tensors(ours(x, state)), tensors(reference(x, state)), strict=True)
    )
    assert all(a.shape == b.shape for a, b in pairs)
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


@pytest.mark.parametrize(
    "name, layers, bidirectional",
    list(itertools.product(NAMES, (1, 2, 3), (False, True))),
)
def test_equals_torch(name, layers, bidirectional):
    reference, ours = pair(name, layers, bidirectional)
    assert distance(name, reference, ours) < TOLERANCE


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sizes, batch, time", [((1, 1), 1, 1), ((11, 2), 4, 3)])
def test_unusual_sizes(name, sizes, batch, time):
    reference, ours = pair(name, 2, True, sizes)
    assert distance(name, reference, ours, batch, time) < TOLERANCE


@pytest.mark.parametrize("name", NAMES)
def test_without_bias_and_without_a_first_state(name):
    reference, ours = pair(name, bias=False)
    assert distance(name, reference, ours) < TOLERANCE
    x = torch.randn(2, 4, 5, dtype=torch.float64)
    for a, b in zip(tensors(ours(x)), tensors(reference(x)), strict=True):
        assert torch.allclose(a, b, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_equal_torch(name):
    reference, ours = pair(name, 2, True)
    x = torch.randn(3, 6, 5, dtype=torch.float64)
    weight = torch.randn(3, 6, 14, dtype=torch.float64)
    for module in (reference, ours):
        (module(x)[0] * weight).sum().backward()
    theirs = dict(reference.named_parameters())
    assert len(theirs) == 16
    for key, parameter in ours.named_parameters():
        assert torch.allclose(parameter.grad, theirs[key].grad, rtol=0, atol=1e-11), key


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", NAMES)
def test_a_mask_is_a_packed_sequence(name, side):
    reference, ours = pair(name, 2, True)
    lengths = torch.tensor([6, 1, 4])
    x = torch.randn(3, 6, 5, dtype=torch.float64)
    mask = torch.arange(6) < lengths[:, None]
    packed = nn.utils.rnn.pack_padded_sequence(
        x, lengths, batch_first=True, enforce_sorted=False
    )
    state = first_state(name, reference, 3)
    expected, last = reference(packed, state)
    expected, _ = nn.utils.rnn.pad_packed_sequence(expected, batch_first=True)
    if side == "left":  # each row turned until its end is at the end
        turn = (torch.arange(6) + lengths[:, None]) % 6
        x, mask = x.gather(1, turn[..., None].expand_as(x)), mask.gather(1, turn)
        expected = expected.gather(1, turn[..., None].expand_as(expected))
    got = tensors(ours(x, state, mask=mask))
    for a, b in zip(got, tensors((expected, last)), strict=True):
        assert torch.allclose(a, b, rtol=0, atol=TOLERANCE)
    assert not torch.allclose(got[1], tensors(ours(x, state))[1])
    with pytest.raises(TypeError, match="mask must be boolean.*was torch.int64"):
        ours(x, mask=mask.long())


@pytest.mark.parametrize("name", NAMES)
def test_cells_equal_torch(name):
    reference = getattr(nn, name + "Cell")(5, 7).double()
    randomise(reference)
    ours = getattr(recurrent, name + "Cell")(5, 7).double()
    ours.load_state_dict(reference.state_dict())
    x, h, c = (torch.randn(3, n, dtype=torch.float64) for n in (5, 7, 7))
    state = (h, c) if name == "LSTM" else h
    for first in (state, None):
        got, expected = ours(x, first), reference(x, first)
        if name != "LSTM":
            got, expected = (got,), (expected,)
        for a, b in zip(got, expected, strict=True):
            assert torch.allclose(a, b, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", NAMES)
def test_state_dict_and_initialisation_are_torchs(name):
    torch.manual_seed(0)
    reference = getattr(nn, name)(5, 400, 2, bidirectional=True)
    ours = getattr(recurrent, name)(5, 400, 2, bidirectional=True)
    shapes = {key: tuple(v.shape) for key, v in reference.state_dict().items()}
    assert {key: tuple(v.shape) for key, v in ours.state_dict().items()} == shapes
    for key, parameter in ours.named_parameters():
        assert 0.048 < float(parameter.detach().abs().max()) <= 0.05, key  # 1/√400


# The papers' GRU has no oracle in torch, so its equations are written out here once
# more, unit by unit with scalars.
def test_reset_before_is_the_papers_equation():
    cell = recurrent.GRUCell(2, 3, reset_after=False).double()
    randomise(cell)
    x, h = torch.randn(1, 2, dtype=torch.float64), torch.randn(1, 3).double()
    w, u = cell.weight_ih.detach(), cell.weight_hh.detach()
    b = (cell.bias_ih + cell.bias_hh).detach()

    def row(k, state):
        return sum(w[k, j] * x[0, j] for j in range(2)) + sum(
            u[k, j] * state[j] for j in range(3)
        )

    r = [torch.sigmoid(row(k, h[0]) + b[k]) for k in range(3)]
    z = [torch.sigmoid(row(3 + k, h[0]) + b[3 + k]) for k in range(3)]
    n = [
        torch.tanh(row(6 + k, [r[j] * h[0, j] for j in range(3)]) + b[6 + k])
        for k in range(3)
    ]
    expected = torch.stack([z[k] * h[0, k] + (1 - z[k]) * n[k] for k in range(3)])
    got, gates = cell(x, h, return_gates=True)
    assert torch.allclose(got[0], expected, rtol=0, atol=TOLERANCE)
    assert torch.allclose(gates["update"][0], torch.stack(z), rtol=0, atol=TOLERANCE)


def test_layer_with_reset_before_runs_its_cell():
    layer = recurrent.GRU(5, 7, reset_after=False)
    cell = recurrent.GRUCell(5, 7, reset_after=False)
    cell.load_state_dict(
        {key.removesuffix("_l0"): v for key, v in layer.state_dict().items()}
    )
    x, h = torch.randn(3, 6, 5), None
    for t in range(6):
        h = cell(x[:, t], h)
    assert torch.allclose(layer(x)[0][:, -1], h, atol=1e-6)


@pytest.mark.parametrize("reset_after", [True, False])
def test_gru_gates_rebuild_the_states(reset_after):
    gru = recurrent.GRU(5, 7, 2, bidirectional=True, reset_after=reset_after).double()
    output, last, gates = gru(torch.randn(3, 6, 5).double(), return_gates=True)
    assert {k: tuple(g.shape) for k, g in gates.items()} == dict.fromkeys(
        ("reset", "update", "candidate"), (4, 3, 6, 7)
    )
    for row, part, times in (
        (2, output[..., :7], range(6)),
        (3, output[..., 7:], reversed(range(6))),
    ):
        h = torch.zeros(3, 7).double()
        for t in times:
            z, n = gates["update"][row, :, t], gates["candidate"][row, :, t]
            h = z * h + (1 - z) * n
            assert torch.allclose(h, part[:, t])
        assert torch.allclose(h, last[row])


def test_lstm_gates_rebuild_the_states():
    lstm = recurrent.LSTM(5, 7)
    output, (_, c), gates = lstm(torch.randn(3, 6, 5), return_gates=True)
    gates = {key: gate[0] for key, gate in gates.items()}  # (B, T, H)
    before = torch.cat([torch.zeros(3, 1, 7), gates["cell"][:, :-1]], dim=1)
    cell = gates["forget"] * before + gates["input"] * gates["candidate"]
    assert torch.allclose(cell, gates["cell"], atol=1e-6)
    assert torch.allclose(output, gates["output"] * cell.tanh(), atol=1e-6)
    assert torch.equal(c[0], gates["cell"][:, -1])


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: recurrent.GRU(5, 0), "hidden_size must be at least 1, was 0"),
        (lambda: recurrent.GRU(5, 7, 0), "num_layers must be at least 1"),
        (lambda: recurrent.GRU(5, 7)(torch.zeros(3, 5)), r"was \(3, 5\)"),
        (lambda: recurrent.GRU(5, 7)(torch.zeros(3, 0, 5)), r"was \(3, 0, 5\)"),
        (lambda: recurrent.GRU(5, 7)(torch.zeros(3, 4, 6)), "must be 5, was 6"),
        (
            lambda: recurrent.GRU(5, 7)(torch.zeros(3, 4, 5), torch.zeros(3, 7)),
            r"must be \(1, 3, 7\), was \[\(3, 7\)\]",
        ),
        (
            lambda: recurrent.LSTM(5, 7)(torch.zeros(3, 4, 5), (torch.zeros(1, 3, 7),)),
            r"must be 2 of \(1, 3, 7\)",
        ),
        (
            lambda: recurrent.RNN(5, 7)(
                torch.zeros(3, 4, 5), mask=torch.ones(3, 5) > 0
            ),
            r"mask must be \(3, 4\), was \(3, 5\)",
        ),
        (lambda: recurrent.GRU(5, 7, weight_dropout=1.0), r"in \[0, 1\), was 1.0"),
    ],
)
def test_errors_say_what_was_expected(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# What the comparison with torch must notice. Each takes our module (2 layers, both
# directions) and makes one mistake that people make.


def swap_blocks(module, a, b):
    size = module.hidden_size
    with torch.no_grad():
        for parameter in module.parameters():
            blocks = parameter.view(-1, size, *parameter.shape[1:])
            blocks[[a, b]] = blocks[[b, a]].clone()


def sum_biases(module, zero, into):
    """b_ih + b_hh in one vector: right for LSTM, wrong for the GRU's candidate."""
    with torch.no_grad():
        for key, parameter in module.named_parameters():
            if key.startswith(zero):
                other = module.get_parameter(key.replace(zero, into))
                other += parameter
                parameter.zero_()


def drop(module, prefix, block=None):
    size = module.hidden_size
    with torch.no_grad():
        for key, parameter in module.named_parameters():
            if key.startswith(prefix):
                parameter.view(-1, size)[slice(None) if block is None else block] = 0


def no_flip_back(module):
    scan = module._scan

    def wrong(x, state, suffix, *options):
        output, state, gates = scan(x, state, suffix, *options)
        return output.flip(1) if "reverse" in suffix else output, state, gates

    module._scan = wrong


def forward_twice(module):
    scan = module._scan
    module._scan = lambda x, state, suffix, *options: scan(
        x, state, suffix.replace("_reverse", ""), *options
    )


def swap_directions(module):
    run = module._run

    def wrong(x, state, *options):
        output, state, gates = run(x, state, *options)
        return output.roll(module.hidden_size, -1), state, gates

    module._run = wrong


def other_update_gate(module):
    step = module.step

    def wrong(projected, state, weight_hh, bias_hh):
        _, gates = step(projected, state, weight_hh, bias_hh)
        z, n = gates["update"], gates["candidate"]
        return ((1 - z) * state[0] + z * n,), gates

    module.step = wrong


def output_without_tanh(module):
    step = module.step

    def wrong(projected, state, weight_hh, bias_hh):
        (_, c), gates = step(projected, state, weight_hh, bias_hh)
        return (gates["output"] * c, c), gates

    module.step = wrong


PERTURBATIONS = {
    "GRU: r and z swapped": ("GRU", lambda m: swap_blocks(m, 0, 1)),
    "GRU: z and n swapped": ("GRU", lambda m: swap_blocks(m, 1, 2)),
    "GRU: r before the product": ("GRU", lambda m: setattr(m, "reset_after", False)),
    "GRU: z is the candidate's share": ("GRU", other_update_gate),
    "GRU: b_hn dropped": ("GRU", lambda m: drop(m, "bias_hh", 2)),
    "GRU: b_hn summed into b_in": (
        "GRU",
        lambda m: sum_biases(m, "bias_hh", "bias_ih"),
    ),
    "LSTM: i and f swapped": ("LSTM", lambda m: swap_blocks(m, 0, 1)),
    "LSTM: g and o swapped": ("LSTM", lambda m: swap_blocks(m, 2, 3)),
    "LSTM: b_hh dropped": ("LSTM", lambda m: drop(m, "bias_hh")),
    "LSTM: no tanh on c": ("LSTM", output_without_tanh),
    "RNN: b_hh dropped": ("RNN", lambda m: drop(m, "bias_hh")),
    "reverse not flipped back": ("GRU", no_flip_back),
    "forward twice": ("LSTM", forward_twice),
    "directions swapped": ("RNN", swap_directions),
}


@pytest.mark.parametrize("mistake", PERTURBATIONS)
def test_the_comparison_notices(mistake):
    name, perturb = PERTURBATIONS[mistake]
    reference, ours = pair(name, 2, True)
    perturb(ours)
    assert distance(name, reference, ours) > 1e-3


def test_summed_biases_are_right_where_no_gate_stands_between():
    """So that the perturbation above proves the GRU's point, not its own mistake."""
    for name in ("RNN", "LSTM"):
        reference, ours = pair(name, 2, True)
        sum_biases(ours, "bias_hh", "bias_ih")
        assert distance(name, reference, ours) < TOLERANCE


# Weight dropout.


@pytest.mark.parametrize("name", NAMES)
def test_weight_dropout_is_one_mask_for_all_steps(name):
    """In training the layer runs with some dropped matrix, and with it at every step:
    the one that the same seed drops gives the same output without dropout."""
    layer = getattr(recurrent, name)(5, 7, weight_dropout=0.4).double()
    plain = getattr(recurrent, name)(5, 7).double()
    randomise(layer)
    x = torch.randn(3, 6, 5, dtype=torch.float64)
    torch.manual_seed(5)
    got, _ = layer(x)
    torch.manual_seed(5)
    state = dict(layer.state_dict())
    state["weight_hh_l0"] = nn.functional.dropout(state["weight_hh_l0"], 0.4)
    plain.load_state_dict(state)
    assert torch.allclose(got, plain(x)[0], rtol=0, atol=TOLERANCE)
    assert 0.2 < float((state["weight_hh_l0"] == 0).double().mean()) < 0.6
    again, _ = layer(x)  # another mask in another pass
    assert (got - again).abs().max() > 1e-3
    assert torch.equal(got[:, 0], again[:, 0])  # from a state of zero: W_ih is whole
    kept = layer.weight_hh_l0.detach().clone()
    plain.load_state_dict(layer.state_dict())
    assert torch.equal(layer.eval()(x)[0], plain(x)[0])
    assert torch.equal(layer.weight_hh_l0, kept)
