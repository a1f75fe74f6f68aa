"""XLNet equals transformers': one stream and two, any order, an earlier segment."""

import pytest
import torch
import transformers
from models import parity
from torch import nn

from utils.models import xlnet
from utils.nn.feed_forward import FeedForward, gelu_tanh
from utils.nn.relative_attention import TransformerXLAttention
from utils.pretrained import Unsupported, from_hf
from utils.pretrained.families.xlnet import config_from_hf

CONFIG = transformers.XLNetConfig(
    vocab_size=parity.VOCABULARY,
    d_model=30,
    n_layer=3,
    n_head=5,
    d_inner=41,
)
TASKS = (
    "Model",
    "LMHeadModel",
    "ForSequenceClassification",
    "ForTokenClassification",
    "ForQuestionAnsweringSimple",
)
TARGETS = 4


@pytest.fixture
def in_float64(monkeypatch):
    """Theirs with sinusoids in float64; it has them in float32."""

    def encoding(self, query_length, key_length, bsz=None, device=None):
        place = torch.arange(key_length, -query_length, -1, dtype=torch.float64)
        even = torch.arange(0, self.d_model, 2, dtype=torch.float64)
        angle = place[:, None] / 10_000 ** (even / self.d_model)
        found = torch.cat([angle.sin(), angle.cos()], dim=-1)
        return found[:, None].expand(-1, bsz, -1)

    monkeypatch.setattr(
        transformers.XLNetModel, "relative_positional_encoding", encoding
    )


def inputs():
    segments = torch.zeros(parity.BATCH, parity.TIME, dtype=torch.long)
    segments[:, 4:] = 1
    return parity.tokens() | {"token_type_ids": segments}


def prediction():
    """An order of prediction for each sequence; its last four are the targets.

    Row i may not see what comes later in the order, nor itself. All see token 0: with
    nothing to see, theirs would attend to everything.
    """
    torch.manual_seed(1)
    order = torch.stack([torch.randperm(parity.TIME) for _ in range(parity.BATCH)])
    place = order.argsort(-1)  # of each token in the order
    hidden = place[:, :, None] <= place[:, None, :]
    hidden[:, :, 0] = False
    mapping = nn.functional.one_hot(order[:, -TARGETS:], parity.TIME)
    return {"perm_mask": hidden.double(), "target_mapping": mapping.double()}


@pytest.mark.parametrize("task", TASKS)
def test_equals_transformers(task, in_float64):
    parity.assert_equal(getattr(transformers, f"XLNet{task}"), CONFIG, inputs())


@pytest.mark.parametrize("task", ["Model", "LMHeadModel"])
def test_two_streams(task, in_float64):
    """Hidden states and attentions of both, at any order of prediction."""
    hf_class = getattr(transformers, f"XLNet{task}")
    parity.assert_equal(hf_class, CONFIG, inputs() | prediction())


def test_an_order_without_targets(in_float64):
    given = parity.tokens() | {"perm_mask": prediction()["perm_mask"]}
    parity.assert_equal(transformers.XLNetModel, CONFIG, given)


def test_without_mask_and_segments(in_float64):
    given = {"input_ids": parity.tokens()["input_ids"]}
    parity.assert_equal(transformers.XLNetModel, CONFIG, given)


def test_equals_transformers_as_it_stands():
    parity.assert_equal(transformers.XLNetModel, CONFIG, inputs(), atol=1e-5)


def test_an_earlier_segment(in_float64):
    """What the content stream held is read as memory, by both streams."""
    theirs = parity.make(transformers.XLNetModel, CONFIG, randomised=True)
    ours = from_hf(theirs)
    first, second = inputs(), inputs() | prediction()
    second["input_ids"] = second["input_ids"].flip(1)[:, :9]
    for name in ("attention_mask", "token_type_ids"):
        second[name] = second[name][:, :9]
    second["perm_mask"] = second["perm_mask"][:, :9, :9]
    second["target_mapping"] = second["target_mapping"][:, :, :9]
    options = {"output_hidden_states": True, "output_attentions": True}
    memory = parity.run(theirs, first).mems
    expected = parity.run(theirs, second, mems=memory, **options)
    memory = parity.run(ours, first).hidden_states[:-1]
    got = parity.run(ours, second, mems=memory, output_attentions=True)
    assert parity.difference(expected, got, second["attention_mask"]) < 1e-10
    forgotten = parity.run(ours, second)
    assert not torch.allclose(forgotten.last_hidden_state, got.last_hidden_state)


@pytest.mark.parametrize("earlier", [0, 5])
def test_distances_projected_once(earlier):
    model = from_hf(parity.make(transformers.XLNetModel, CONFIG, randomised=True))
    ids = parity.tokens()["input_ids"]
    memory = [torch.randn(parity.BATCH, earlier, 30).double()] * 3 if earlier else None
    projected = model.project_distances(parity.TIME, earlier)
    found = [
        parity.run(model, {"input_ids": ids}, mems=memory, projected=given)
        for given in (None, projected)
    ]
    assert torch.equal(found[0].last_hidden_state, found[1].last_hidden_state)
    with pytest.raises(ValueError, match=r"projected\[0\] must be \(5, .*, 6\), was"):
        model(ids[:, 1:], mems=memory, projected=projected)


def in_attention(name, change):
    """A perturbation of a method's result in every layer's attention."""

    def perturb(model):
        for block in model.backbone.blocks:
            method = getattr(block.attention, name)
            setattr(block.attention, name, lambda *a, m=method: change(m(*a)))

    return perturb


def reversed_distances(keys):
    return keys._replace(distance=keys.distance.flip(-2))


def moved_distances(keys):
    return keys._replace(distance=keys.distance.roll(1, -2))


def given(name, change):
    """A perturbation of one of the forward pass's arguments in every block."""

    def perturb(model):
        def changed(module, args, options):
            return args, options | {name: change(options.get(name))}

        for block in model.backbone.blocks:
            block.register_forward_pre_hook(changed, with_kwargs=True)

    return perturb


def unseen(mask):
    """Nobody sees itself."""
    return mask & ~torch.eye(parity.TIME, dtype=torch.bool)


def seen(mask):
    """Everybody does, targets too."""
    return mask | torch.eye(parity.TIME, dtype=torch.bool)


def untied(model):
    """Another table when the logits are made than when the tokens were looked up."""
    table = model.backbone.embeddings.token.weight

    def exchange(*_):
        table.data = table.data.roll(1, 0)

    model.backbone.register_forward_hook(exchange)


def interleaved(model):
    """sin and cos in turn rather than in halves."""
    for block in model.backbone.blocks:
        weight = block.attention.distance_proj.weight
        weight.data = weight.data.unflatten(1, (2, 15)).mT.flatten(1)


def transposed(model):
    for block in model.backbone.blocks:
        block.attention.out_proj.weight.data = block.attention.out_proj.weight.data.T


WRONG = {
    "no bias of content": parity.zero_("content_bias"),
    "no bias of distance": parity.zero_("distance_bias"),
    "no bias of segments": parity.zero_("segment_bias"),
    "the two biases swapped": parity.swap_("content_bias", "distance_bias"),
    "no segments": given("other_segment", lambda mask: None),
    "same and other segment swapped": given("other_segment", torch.logical_not),
    "no distances": parity.zero_("distance_proj.weight"),
    "distances reversed": in_attention("keys", reversed_distances),
    "distances moved by one": in_attention("keys", moved_distances),
    "sin and cos in turn": interleaved,
    "output projection transposed": transposed,
    "no scale": parity.set_(TransformerXLAttention, scale=1.0),
    "scale by the width": parity.set_(TransformerXLAttention, scale=30**-0.5),
    "norms swapped": parity.swap_("norm1", "norm2"),
    "tanh GELU": parity.set_(FeedForward, activation=gelu_tanh),
    "eps 1e-5": parity.set_(nn.LayerNorm, eps=1e-5),
    "no bias on the logits": parity.zero_("bias"),
    "head untied": untied,
    "content doesn't see itself": given("mask", unseen),
}
WRONG_STREAMS = {
    "targets see themselves": given("mask", seen),
    "no vector to start from": parity.zero_("query_vector"),
    "targets in another place": given(
        "place", lambda place: None if place is None else place.roll(1, -1)
    ),
}


def test_wrong_models_are_caught(in_float64):
    hf_class = transformers.XLNetLMHeadModel
    both = inputs() | prediction()
    parity.assert_caught(hf_class, CONFIG, both, WRONG_STREAMS)
    del both["target_mapping"]
    parity.assert_caught(hf_class, CONFIG, both, WRONG)


def test_a_target_never_sees_its_token():
    """Nor what comes after it in the order, though the blocks are the same for both."""
    made = parity.make(transformers.XLNetModel, CONFIG, randomised=True)
    model = from_hf(made)
    inputs = prediction() | {"input_ids": parity.tokens()["input_ids"][:1]}
    inputs = {name: tensor[:1] for name, tensor in inputs.items()}
    last = inputs["target_mapping"][0].argmax(-1)
    before = parity.run(model, inputs).last_hidden_state
    for number, place in enumerate(last):
        changed = inputs | {"input_ids": inputs["input_ids"].clone()}
        changed["input_ids"][0, place] += 1
        after = parity.run(model, changed).last_hidden_state
        same = (before == after).all(-1)[0]
        assert same[: number + 1].all() and not same[number + 1 :].any()


def test_a_target_that_sees_nothing_gets_nothing():
    model = from_hf(parity.make(transformers.XLNetModel, CONFIG, randomised=True))
    ids = torch.tensor([[3, 4]])
    blind = {"perm_mask": torch.ones(1, 2, 2), "target_mapping": torch.eye(2)[None, :1]}
    one, other = (
        parity.run(model, {"input_ids": x} | blind).last_hidden_state
        for x in (ids, ids + 1)
    )
    assert torch.equal(one, other) and one.isfinite().all()


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_changes_nothing(side):
    model = from_hf(parity.make(transformers.XLNetModel, CONFIG, randomised=True))
    ids = parity.tokens()["input_ids"]
    kept = slice(4, None) if side == "left" else slice(None, 7)
    mask = torch.zeros_like(ids)
    mask[:, kept] = 1
    padded = parity.run(model, {"input_ids": ids, "attention_mask": mask})
    alone = parity.run(model, {"input_ids": ids[:, kept]})
    difference = padded.last_hidden_state[:, kept] - alone.last_hidden_state
    assert difference.abs().max() < 1e-12


def test_published_sizes():
    with torch.device("meta"):
        base = xlnet.XLNetLMHeadModel(xlnet.XLNetConfig())
    assert sum(p.numel() for p in base.parameters()) == 116_750_336


def test_bad_input_says_what_is_wrong():
    model = from_hf(parity.make(transformers.XLNetModel, CONFIG, randomised=True))
    ids = torch.ones(1, 3, dtype=torch.long)
    with pytest.raises(ValueError, match="token id 97 is outside the vocabulary of 97"):
        model(torch.tensor([[parity.VOCABULARY]]))
    with pytest.raises(ValueError, match=r"attention_mask .*\(1, 3\).*\(1, 2\)"):
        model(ids, torch.ones(1, 2))
    with pytest.raises(
        ValueError, match=r"perm_mask must be \(1, 3, 3\), was \(3, 3\)"
    ):
        model(ids, perm_mask=torch.ones(3, 3))
    with pytest.raises(ValueError, match=r"target_mapping must be \(1, 1, 3\), was"):
        model(ids, target_mapping=torch.ones(1, 1, 2))
    with pytest.raises(ValueError, match="7 heads don't divide a width of 30"):
        TransformerXLAttention(30, 7)
    with pytest.raises(Unsupported, match="attn_type='uni'"):
        config_from_hf(transformers.XLNetConfig(attn_type="uni"))
