"""SpanBERT: BERT's encoder, and a boundary head equal to the paper's formula."""

import pytest
import torch
import transformers
from models import parity
from torch import nn
from torch.nn import functional as F

from utils.models.spanbert import (
    SPANBERT_LARGE,
    SpanBertConfig,
    SpanBertForPreTraining,
)
from utils.nn.feed_forward import gelu_tanh
from utils.nn.heads import span_boundaries
from utils.pretrained import from_hf

SIZES = dict(
    vocabulary=parity.VOCABULARY,
    width=30,
    layers=2,
    heads=5,
    inner_width=41,
    positions=19,
    span_positions=3,
    span_position_width=7,
)
# Spans of one, of two, and of four: longer than there are places.
SPANS = [(0, 1, 3), (0, 4, 6), (0, 8, 9), (1, 2, 6)]


def make(randomised: bool) -> SpanBertForPreTraining:
    torch.manual_seed(0)
    model = SpanBertForPreTraining(SpanBertConfig(**SIZES)).double().eval()
    if randomised:
        with torch.no_grad():
            for name, p in model.named_parameters():
                centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
                p.copy_(centre + 0.3 * torch.randn_like(p))
    return model


@pytest.fixture
def inputs():
    masked = torch.zeros(parity.BATCH, parity.TIME, dtype=torch.bool)
    for row, start, end in SPANS:
        masked[row, start:end] = True
    return parity.tokens() | {"masked": masked}


def by_the_formula(model, hidden):
    """Joshi et al. 2020, §3.2, one token at a time.

    y = LayerNorm(GELU(W2 h)), h = LayerNorm(GELU(W1 [x before; x after; place])).
    """
    head, scores = model.boundary_head, []
    for row, start, end in SPANS:
        for place, _ in enumerate(range(start, end)):
            vectors = head.positions.weight
            h = torch.cat(
                [hidden[row, start - 1], hidden[row, end], vectors[min(place, 2)]]
            )
            for layer, norm in ((head.fc1, head.norm1), (head.fc2, head.norm2)):
                h = F.gelu(layer.weight @ h + layer.bias)
                h = (h - h.mean()) / torch.sqrt(h.var(correction=0) + 1e-12)
                h = h * norm.weight + norm.bias
            scores.append(model.backbone.embeddings.token.weight @ h + head.bias)
    return torch.stack(scores)


def off_by(model, inputs) -> float:
    """How far a model is from the formula, worked out with a right model's weights."""
    found = parity.run(model, inputs)
    with torch.no_grad():
        right = SpanBertForPreTraining(model.config).double().eval()
        right.load_state_dict(model.right_weights)
        expected = by_the_formula(right, parity.run(right, inputs).last_hidden_state)
    return (found.boundary_logits - expected).abs().max().item()


def remember(model):
    model.right_weights = {k: v.clone() for k, v in model.state_dict().items()}
    return model


@pytest.mark.parametrize("randomised", [False, True])
def test_boundary_head_is_the_formula(randomised, inputs):
    assert off_by(remember(make(randomised)), inputs) < 1e-10


def test_encoder_and_head_are_berts(inputs):
    """Both but the boundary head equal transformers' BERT on the same weights."""
    config = transformers.BertConfig(
        vocab_size=parity.VOCABULARY,
        hidden_size=30,
        num_hidden_layers=2,
        num_attention_heads=5,
        intermediate_size=41,
        max_position_embeddings=19,
    )
    theirs = parity.make(transformers.BertForMaskedLM, config, randomised=True)
    model = make(randomised=True)
    bert = from_hf(theirs)
    model.backbone.load_state_dict(bert.backbone.state_dict())
    model.lm_head.load_state_dict(bert.head.state_dict())
    found = parity.run(model, inputs)
    masked = inputs.pop("masked")
    expected = parity.run(theirs, inputs).logits[masked]
    assert (found.prediction_logits - expected).abs().max() < 1e-10


def swapped(model):
    head = model.boundary_head
    weight = head.fc1.weight
    with torch.no_grad():
        weight[:, :60] = torch.cat([weight[:, 30:60], weight[:, :30]], dim=1)


def rolled(shift):
    def perturb(model):
        forward = model.boundary_head.forward
        model.boundary_head.forward = lambda hidden, masked, table: forward(
            hidden.roll(shift, 1), masked, table
        )

    return perturb


def places_from_one(model):
    with torch.no_grad():
        weight = model.boundary_head.positions.weight
        weight.copy_(weight.roll(-1, 0))


def untied(model):
    forward = model.boundary_head.forward
    model.boundary_head.forward = lambda hidden, masked, table: forward(
        hidden, masked, table.roll(1, 0)
    )


PERTURBATIONS = {
    "neighbours swapped": swapped,
    "boundaries one to the right": rolled(-1),
    "boundaries one to the left": rolled(1),
    "places from one": places_from_one,
    "no places": parity.zero_("boundary_head.positions.weight"),
    "no bias in the first layer": parity.zero_("boundary_head.fc1.bias"),
    "no bias in the second layer": parity.zero_("boundary_head.fc2.bias"),
    "no bias on the logits": parity.zero_("boundary_head.bias"),
    "norms swapped": parity.swap_("norm1", "norm2"),
    "tanh GELU": lambda m: setattr(m.boundary_head, "activation", gelu_tanh),
    "eps 1e-5": parity.set_(nn.LayerNorm, eps=1e-5),
    "head untied": untied,
}


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_wrong_heads_are_caught(name, inputs):
    worst = 0.0
    for randomised in (False, True):
        model = remember(make(randomised))
        PERTURBATIONS[name](model)
        worst = max(worst, off_by(model, inputs))
    assert worst > 1e-8


def test_a_masked_token_does_not_see_itself(inputs):
    """Its own hidden state doesn't count, those of the neighbours do."""
    model, table = make(True), torch.randn(97, 30, dtype=torch.float64)
    hidden = torch.randn(parity.BATCH, parity.TIME, 30, dtype=torch.float64)
    masked = inputs["masked"]
    with torch.no_grad():
        before = model.boundary_head(hidden, masked, table)
        inside, outside = hidden.clone(), hidden.clone()
        inside[masked] += 1
        outside[0, 3] += 1  # right of the first span, left of the second
        assert torch.equal(before, model.boundary_head(inside, masked, table))
        after = model.boundary_head(outside, masked, table)
    changed = (before != after).any(1).tolist()
    assert changed == [True] * 4 + [False] * 5


def test_boundaries_by_hand():
    masked = torch.tensor([[0, 1, 1, 0, 1, 0]]).bool()
    left, right = span_boundaries(masked)
    assert left[masked].tolist() == [0, 0, 3]
    assert right[masked].tolist() == [3, 3, 5]


def test_every_parameter_learns(inputs):
    model = make(randomised=False)
    ids, masked = inputs["input_ids"], inputs["masked"]
    found = model(**inputs)
    loss = F.cross_entropy(found.prediction_logits, ids[masked])
    loss = loss + F.cross_entropy(found.boundary_logits, ids[masked])
    loss.backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize(
    ("config", "encoder"),
    [(SpanBertConfig(), 107_719_680), (SPANBERT_LARGE, 332_529_664)],
)
def test_published_sizes(config, encoder):
    """BERT without its pooler, on the cased vocabulary; then the two heads."""
    width, vocabulary = config.width, config.vocabulary
    with torch.device("meta"):
        model = SpanBertForPreTraining(config)
    hf = transformers.BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=config.inner_width,
    )
    expected = parity.count(lambda: transformers.BertForMaskedLM(hf))
    boundary = (
        20 * 200
        + (2 * width + 200 + 1) * width
        + (width + 1) * width
        + 4 * width
        + vocabulary
    )
    found = sum(p.numel() for p in model.parameters())
    assert found == expected + boundary
    assert sum(p.numel() for p in model.backbone.parameters()) == encoder


def test_bad_input_says_what_is_wrong(inputs):
    model = make(randomised=False)
    masked = inputs["masked"]
    with pytest.raises(TypeError, match="must be boolean.*torch.int64"):
        model(**inputs | {"masked": masked.long()})
    with pytest.raises(ValueError, match=r"must be \(2, 11\), was \(2, 10\)"):
        model(**inputs | {"masked": masked[:, 1:]})
    for edge in (0, -1):
        wrong = masked.clone()
        wrong[0, edge] = True
        with pytest.raises(ValueError, match="reaches an end of the sequence"):
            model(**inputs | {"masked": wrong})
