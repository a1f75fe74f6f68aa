"""What every family's parity test does: two regimes, and wrong models that it catches.

Default initialisation hides much: zero biases and unit norms make a dropped bias or two
swapped norms invisible. So each comparison is made with every parameter randomised as
well. A wrong eps shows best at the small scale of the default.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from utils.pretrained import from_hf
from utils.pretrained.hugging_face import supported

BATCH, TIME, VOCABULARY, PADDED = 2, 11, 97, 7
OUTPUTS = (
    "prediction_logits",
    "seq_relationship_logits",
    "sop_logits",
    "logits",
    "start_logits",
    "end_logits",
    "last_hidden_state",
    "pooler_output",
)


def make(hf_class, config, *, randomised: bool, seed: int = 0) -> nn.Module:
    """A transformers model in float64 and eval mode, dropout off."""
    torch.manual_seed(seed)
    model = hf_class(config).double().eval()
    if randomised:
        with torch.no_grad():
            for name, p in model.named_parameters():
                centre = (
                    1.0 if "norm" in name.lower() and name.endswith("weight") else 0
                )
                p.copy_(centre + 0.3 * torch.randn_like(p))
    return model


def tokens(seed: int = 0) -> dict[str, Tensor]:
    """ids and a mask whose second row is padded on the right."""
    torch.manual_seed(seed)
    mask = torch.ones(BATCH, TIME, dtype=torch.long)
    mask[1, PADDED:] = 0
    return {
        "input_ids": torch.randint(3, VOCABULARY, (BATCH, TIME)),
        "attention_mask": mask,
    }


def difference(theirs, ours, mask: Tensor | None) -> float:
    """The largest difference over every output that theirs has, padding left out."""
    found = [0.0]
    for name, expected in theirs.items():
        if name in ("past_key_values", "loss", "mems") or expected == ():
            continue
        got = getattr(ours, name)
        for a, b in zip(tensors(got), tensors(expected), strict=True):
            assert a.shape == b.shape, f"{name}: {tuple(a.shape)}, {tuple(b.shape)}"
            if mask is not None and a.shape[:2] == mask.shape:
                a, b = a[mask.bool()], b[mask.bool()]
            if mask is not None and a.shape[-2:] == (mask.shape[-1],) * 2:
                a, b = (
                    a[mask.bool()[:, None, :, None].expand_as(a)],
                    b[mask.bool()[:, None, :, None].expand_as(b)],
                )
            found.append((a - b).abs().max().item())
    return max(found)


def tensors(value: Tensor | tuple) -> list[Tensor]:
    """Every tensor of a tuple that may hold tuples (XLNet's two streams)."""
    if isinstance(value, Tensor):
        return [value]
    return [tensor for part in value for tensor in tensors(part)]


def run(model: nn.Module, inputs: dict, **options):
    with torch.no_grad():
        return model(**inputs, **options)


def assert_equal(
    hf_class,
    config,
    inputs: dict[str, Tensor],
    *,
    atol: float = 1e-10,
    attentions: bool = True,
) -> None:
    """Ours equals theirs: from memory and a folder, in both regimes, gradients too.

    Hidden states are compared layer by layer (theirs returns them when asked), and the
    key map must invert.
    """
    mask = inputs.get("attention_mask")
    options = {"output_hidden_states": True}
    if attentions:
        config = copy.deepcopy(config)
        config._attn_implementation = "eager"
        options["output_attentions"] = True
    for randomised in (False, True):
        theirs = make(hf_class, config, randomised=randomised)
        ours = from_hf(theirs)
        assert not ours.training
        expected = run(theirs, inputs, **options)
        got = run(ours, inputs, **({"output_attentions": True} if attentions else {}))
        assert difference(expected, got, mask) < atol

        with tempfile.TemporaryDirectory() as folder:
            theirs.save_pretrained(folder)
            from_file = run(from_hf(folder), inputs)
        expected = run(theirs, inputs)
        assert difference(expected, from_file, mask) < atol

    state = theirs.state_dict()
    keys = supported(hf_class.__name__).keys_of(theirs.config)
    back = keys.invert(keys.apply(state))
    assert state.keys() - back.keys() <= {k for k in state if is_buffer(theirs, k)}
    for name, tensor in back.items():
        assert torch.equal(tensor, state[name]), name
    assert_gradients_equal(theirs, ours, inputs, keys, atol=1e3 * atol)


def is_buffer(model: nn.Module, name: str) -> bool:
    return name in dict(model.named_buffers())


def assert_gradients_equal(theirs, ours, inputs, keys, atol: float) -> None:
    """d(squares of every output) of every parameter, through the key map."""
    mask, outputs = inputs.get("attention_mask"), None
    for model in (theirs, ours):
        model.zero_grad()
        found = model(**inputs)
        outputs = outputs or [n for n in OUTPUTS if getattr(found, n, None) is not None]
        for i, name in enumerate(outputs):
            output = getattr(found, name)
            if mask is not None and output.shape[:2] == mask.shape:
                output = output[mask.bool()]
            output.square().mean().backward(retain_graph=i + 1 < len(outputs))
    zeros = {n: torch.zeros_like(p) for n, p in ours.named_parameters()}
    got = {
        n: zeros[n] if p.grad is None else p.grad for n, p in ours.named_parameters()
    }
    expected = {
        n: torch.zeros_like(p) if p.grad is None else p.grad
        for n, p in theirs.named_parameters()
        if p.requires_grad
    }
    mapped = keys.invert(got)
    for name, gradient in expected.items():
        assert (mapped[name] - gradient).abs().max() < atol, name


def assert_caught(
    hf_class,
    config,
    inputs: dict[str, Tensor],
    perturbations: dict[str, Callable[[nn.Module], None]],
    *,
    atol: float = 1e-10,
) -> None:
    """Each wrong model is at least a hundred times further off than the tolerance.

    A perturbation changes our model in place. It must show in one of the two regimes.
    """
    for name, perturb in perturbations.items():
        worst = 0.0
        for randomised in (False, True):
            theirs = make(hf_class, config, randomised=randomised)
            ours = from_hf(theirs)
            expected = run(theirs, inputs)
            perturb(ours)
            got = run(ours, inputs)
            worst = max(worst, difference(expected, got, inputs.get("attention_mask")))
        assert worst > 100 * atol, f"{name}: not caught, off by {worst:.1e}"


def zero_(name: str) -> Callable[[nn.Module], None]:
    """A perturbation that forgets the parameters whose name ends like this."""

    def perturb(model: nn.Module) -> None:
        hit = [p for n, p in model.named_parameters() if n.endswith(name)]
        assert hit, f"no parameter ends with {name}"
        with torch.no_grad():
            for p in hit:
                p.zero_()

    return perturb


def set_(kind: type, **attributes) -> Callable[[nn.Module], None]:
    """A perturbation that sets attributes of every module of a kind."""

    def perturb(model: nn.Module) -> None:
        hit = [m for m in model.modules() if isinstance(m, kind)]
        assert hit, f"no {kind.__name__} in the model"
        for module in hit:
            for name, value in attributes.items():
                assert hasattr(module, name), name
                setattr(module, name, value)

    return perturb


def swap_(first: str, second: str) -> Callable[[nn.Module], None]:
    """A perturbation that exchanges two parts of every module that has both."""

    def perturb(model: nn.Module) -> None:
        hit = [m for m in model.modules() if hasattr(m, first) and hasattr(m, second)]
        assert hit, f"no module has {first} and {second}"
        for module in hit:
            a, b = getattr(module, first), getattr(module, second)
            setattr(module, first, b)
            setattr(module, second, a)

    return perturb


def untie_(model: nn.Module) -> None:
    """A perturbation that gives the head of a masked-LM model a table of its own."""
    other = model.backbone.embeddings.token.weight.detach().roll(1, 0)
    forward = model.head.forward
    model.head.forward = lambda hidden, _: forward(hidden, other)


def count(make_model: Callable[[], nn.Module]) -> int:
    """Parameters of a model of any size: on the meta device it takes no memory."""
    with torch.device("meta"):
        return sum(p.numel() for p in make_model().parameters())


def assert_refuses_bad_input(model: nn.Module, positions: int) -> None:
    """Ids outside the vocabulary and sequences beyond the positions say so."""
    with pytest.raises(ValueError, match=f"outside the vocabulary of {VOCABULARY}"):
        model(input_ids=torch.tensor([[1, VOCABULARY]]))
    with pytest.raises(ValueError, match=f"beyond the {positions} positions"):
        model(input_ids=torch.ones(1, positions + 1, dtype=torch.long))
