"""The GRU encoder-decoder against its equations, and the attentions of its decoder.

There is no such model in transformers: the oracle below is written out for one
sentence at a time, without padding, with `torch.nn.GRU` and the papers' sums.
"""

import math
from dataclasses import replace

import pytest
import torch
from models import parity
from torch import nn
from torch.nn import functional as F

from utils.models.encoder_decoder import shift_right
from utils.models.seq2seq import Seq2Seq, Seq2SeqConfig
from utils.nn.alignment import AdditiveAttention, MultiplicativeAttention

SOURCE, TARGET = 23, 29
LENGTHS = [7, 4, 1]
CONFIG = Seq2SeqConfig(SOURCE, TARGET, embedding_width=5, width=6, layers=2)
VARIANTS = [
    (attention, first)
    for attention in (None, "additive", "dot", "general", "concat")
    for first in (False, True)
]
TOLERANCE = 1e-12


def make(attention, context_first, seed=0, **changes):
    """Every parameter from N(0, 0.6): default biases would hide a dropped one."""
    torch.manual_seed(seed)
    config = replace(
        CONFIG, attention=attention, context_first=context_first, **changes
    )
    model = Seq2Seq(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.6)
    return model


@pytest.fixture
def batch():
    torch.manual_seed(1)
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    return {
        "input_ids": torch.randint(3, SOURCE, mask.shape) * mask,
        "attention_mask": mask,
        "decoder_input_ids": torch.randint(1, TARGET, (3, 5)),
    }


# The oracle.


def library_gru(ours):
    """`torch.nn.GRU` with our weights."""
    gru = nn.GRU(
        ours.input_size,
        ours.hidden_size,
        ours.num_layers,
        bidirectional=ours.bidirectional,
        batch_first=True,
    ).double()
    gru.load_state_dict(ours.state_dict())
    return gru


def score(attention, query, key):
    """One number for one query (width,) and one key (width,), as the papers have it."""
    if isinstance(attention, AdditiveAttention):
        w, u = attention.query_proj.weight, attention.key_proj.weight
        return attention.score.weight[0] @ torch.tanh(w @ query + u @ key)
    if attention.kind == "concat":
        both = attention.proj.weight @ torch.cat([query, key])
        return attention.score.weight[0] @ torch.tanh(both)
    return query @ (key if attention.kind == "dot" else attention.key_proj.weight @ key)


def oracle(model, source, target):
    """Logits and weights of one sentence: source (T,), target (U,), no padding."""
    encoder, decoder = model.encoder, model.decoder
    memory, last = library_gru(encoder.gru)(encoder.token.weight[source][None])
    memory = memory[0]  # (T, width)
    if encoder.gru.bidirectional:  # forward and backward of each layer side by side
        last = torch.stack([torch.cat([last[i], last[i + 1]], -1) for i in (0, 2)])
    state, step = last, library_gru(decoder.gru)
    logits, all_weights = [], []
    for token in target:
        x = decoder.token.weight[token]
        if not model.config.context_first:
            _, state = step(x[None, None], state)
        if decoder.attention is None:
            context = last[-1, 0]
        else:
            scores = [score(decoder.attention, state[-1, 0], key) for key in memory]
            weights = torch.stack(scores).softmax(0)
            context = sum(w * m for w, m in zip(weights, memory, strict=True))
            all_weights.append(weights)
        if model.config.context_first:
            _, state = step(torch.cat([x, context])[None, None], state)
        joined = decoder.combine.weight @ torch.cat([state[-1, 0], context])
        logits.append(decoder.head(torch.tanh(joined)))
    return torch.stack(logits), torch.stack(all_weights) if all_weights else None


def off_by(model, batch, reference=None):
    """The largest difference of logits and weights from the oracle, over all rows."""
    found = parity.run(model, batch, output_attentions=True)
    worst = 0.0
    for row, length in enumerate(LENGTHS):
        with torch.no_grad():
            logits, weights = oracle(
                reference or model,
                batch["input_ids"][row, :length],
                batch["decoder_input_ids"][row],
            )
        worst = max(worst, float((found.logits[row] - logits).abs().max()))
        if weights is None:
            assert found.cross_attentions is None
        else:
            (got,) = found.cross_attentions
            assert got.shape == (3, 1, 5, max(LENGTHS))
            got = got[row, 0, :, :length]
            worst = max(worst, float((got - weights).abs().max()))
    return worst


@pytest.mark.parametrize(("attention", "first"), VARIANTS)
def test_equals_the_equations(attention, first, batch):
    assert off_by(make(attention, first), batch) < TOLERANCE


@pytest.mark.parametrize("attention", [None, "additive"])
def test_one_direction(attention, batch):
    model = make(attention, False, bidirectional=False, width=7)
    assert off_by(model, batch) < TOLERANCE


# Properties.


@pytest.mark.parametrize(("attention", "first"), VARIANTS)
def test_teacher_forcing_equals_step_by_step(attention, first, batch):
    """The whole target at once, a token at a time, and in chunks."""
    model = make(attention, first)
    mask, target = batch["attention_mask"], batch["decoder_input_ids"]
    whole = parity.run(model, batch)
    with torch.no_grad():
        encoded = model.encode(batch["input_ids"], mask)
    for chunks in ([1] * 5, [2, 1, 2]):
        state, logits = None, []
        for part in target.split(chunks, dim=1):
            found = parity.run(
                model,
                {"attention_mask": mask, "decoder_input_ids": part},
                encoder_outputs=encoded,
                state=state,
            )
            state = found.state
            logits.append(found.logits)
        assert (torch.cat(logits, 1) - whole.logits).abs().max() < TOLERANCE
        assert (state - whole.state).abs().max() < TOLERANCE


@pytest.mark.parametrize(("attention", "first"), VARIANTS)
def test_greedy_writes_what_teacher_forcing_tells(attention, first, batch):
    """Read back what was written: each token is the most likely one."""
    model = make(attention, first)
    source = {k: batch[k] for k in ("input_ids", "attention_mask")}
    written, state = torch.full((3, 1), model.config.start), None
    for _ in range(6):
        last = written[:, -1:]
        found = parity.run(model, source | {"decoder_input_ids": last}, state=state)
        written = torch.cat([written, found.logits[:, -1:].argmax(-1)], 1)
        state = found.state
    labels = written[:, 1:]
    shifted = shift_right(labels, model.config.start, model.config.padding)
    found = parity.run(model, source | {"decoder_input_ids": shifted})
    assert torch.equal(found.logits.argmax(-1), labels)


@pytest.mark.parametrize(("attention", "first"), VARIANTS)
@pytest.mark.parametrize("side", ["right", "left"])
def test_more_padding_changes_nothing(attention, first, side, batch):
    model = make(attention, first)
    expected = parity.run(model, batch, output_attentions=True)
    width = (0, 4) if side == "right" else (4, 0)
    longer = batch | {
        "input_ids": F.pad(batch["input_ids"], width, value=9),
        "attention_mask": F.pad(batch["attention_mask"], width),
    }
    got = parity.run(model, longer, output_attentions=True)
    assert (got.logits - expected.logits).abs().max() < TOLERANCE
    if attention:
        (weights,) = got.cross_attentions
        assert (
            weights[longer["attention_mask"][:, None, None].expand_as(weights) == 0]
            == 0
        ).all()
    unmasked = {k: v for k, v in longer.items() if k != "attention_mask"}
    assert (parity.run(model, unmasked).logits - expected.logits).abs().max() > 1e-3


def test_the_future_is_hidden(batch):
    for attention, first in VARIANTS:
        model = make(attention, first)
        target = batch["decoder_input_ids"]
        changed = target.clone()
        changed[:, 3:] = (target[:, 3:] + 1) % TARGET
        before = parity.run(model, batch).logits
        after = parity.run(model, batch | {"decoder_input_ids": changed}).logits
        assert torch.equal(before[:, :3], after[:, :3])
        assert (before[:, 3:] - after[:, 3:]).abs().amax((1, 2)).min() > 1e-6


@pytest.mark.parametrize(("attention", "first"), VARIANTS)
def test_every_parameter_learns(attention, first, batch):
    model = make(attention, first, dropout=0.2).train()
    model(**batch).logits.square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.abs().max() > 0, name


# Wrong models.


def oracle_twin(model):
    """The model as it is, for the oracle, before something in it is made wrong."""
    twin = Seq2Seq(model.config).double().eval()
    twin.load_state_dict(model.state_dict())
    return twin


def reads_padding(model):
    forward = model.encoder.gru.forward
    model.encoder.gru.forward = lambda x, mask=None: forward(x)


def looks_at_padding(model):
    attention = model.decoder.attention
    forward = attention.forward
    attention.forward = lambda query, memory, mask=None, projected=None: forward(
        query, memory, projected=projected
    )


def mask_times_scores(model):
    """A score of 0 has the weight e⁰."""
    attention = model.decoder.attention

    def wrong(query, memory, mask, projected):
        weights = (attention.scores(query, projected) * mask).softmax(-1)
        return weights @ memory, weights

    attention.forward = wrong


def mask_after_softmax(model):
    attention = model.decoder.attention

    def wrong(query, memory, mask, projected):
        weights = attention.scores(query, projected).softmax(-1) * mask
        return weights @ memory, weights

    attention.forward = wrong


def no_tanh(model):
    attention = model.decoder.attention

    def wrong(query, projected):
        both = attention.query_proj(query)[:, :, None] + projected[:, None]
        return attention.score(both).squeeze(-1)

    attention.scores = wrong


def v_inside_tanh(model):
    attention = model.decoder.attention

    def wrong(query, projected):
        both = attention.query_proj(query)[:, :, None] + projected[:, None]
        return attention.score(both).tanh().squeeze(-1)

    attention.scores = wrong


def scaled(model):
    scores = model.decoder.attention.scores
    model.decoder.attention.scores = lambda *args: scores(*args) / math.sqrt(6)


def scores_positions(model):
    """The old tutorial's: from the query alone, whatever was read."""
    attention = model.decoder.attention
    scores = attention.scores
    places = torch.randn(1, max(LENGTHS), 6, dtype=torch.float64)
    attention.scores = lambda query, projected: scores(
        query, places.expand_as(projected)
    )


def backward_state_only(model):
    forward = model.encoder.forward

    def wrong(*args):
        found = forward(*args)
        found.state[..., :3] = found.state[..., 3:]
        return found

    model.encoder.forward = wrong


def directions_not_side_by_side(model):
    """(layers · directions, batch, H) viewed as (layers, batch, 2 H)."""
    forward = model.encoder.gru.forward

    def wrong(*args, **options):
        output, state = forward(*args, **options)
        layers, rows, width = state.shape
        mixed = state.reshape(layers // 2, rows, 2 * width)
        mixed = mixed.unflatten(2, (2, width)).transpose(1, 2).flatten(0, 1)
        return output, mixed

    model.encoder.gru.forward = wrong


def starts_from_zero(model):
    forward = model.encoder.forward

    def wrong(*args):
        found = forward(*args)
        found.state = torch.zeros_like(found.state)
        return found

    model.encoder.forward = wrong


def state_before(model):
    forward = model.decoder.attention.forward
    model.decoder.attention.forward = lambda query, memory, **options: forward(
        query.roll(1, 1), memory, **options
    )


def first_layer_is_asked(model):
    forward = model.decoder.attention.forward
    gru = model.decoder.gru
    last = {}

    def remember(module, args, output):
        last["state"] = output[1][0]

    gru.register_forward_hook(remember)
    model.decoder.attention.forward = lambda query, memory, **options: forward(
        last["state"][:, None] if last else query, memory, **options
    )


def context_before_state(model):
    combine = model.decoder.combine
    forward = combine.forward
    combine.forward = lambda x: forward(x.roll(6, -1))


def no_tanh_on_top(model):
    model.decoder.combine.register_forward_hook(
        lambda module, args, output: output.clamp(-0.999999, 0.999999).atanh()
    )


def no_bias(model):
    model.decoder.head.bias.data.zero_()


def state_forgotten(model):
    step = model.decoder.gru.forward
    model.decoder.gru.forward = lambda x, state: step(x, torch.zeros_like(state))


PERTURBATIONS = {
    "encoder reads padding": ("dot", False, reads_padding),
    "attention looks at padding": ("dot", False, looks_at_padding),
    "scores times the mask": ("dot", False, mask_times_scores),
    "mask after the softmax": ("general", True, mask_after_softmax),
    "scores of positions": ("general", False, scores_positions),
    "dot products scaled": ("dot", False, scaled),
    "additive without tanh": ("additive", True, no_tanh),
    "v inside tanh": ("additive", True, v_inside_tanh),
    "state before the step scored": ("dot", False, state_before),
    "first layer's state scored": ("additive", True, first_layer_is_asked),
    "starts with the backward state only": (None, False, backward_state_only),
    "directions mixed over the batch": (None, False, directions_not_side_by_side),
    "starts from zero": ("general", False, starts_from_zero),
    "[context; state]": ("concat", False, context_before_state),
    "no tanh before the classifier": ("concat", False, no_tanh_on_top),
    "no bias on the logits": ("dot", True, no_bias),
    "state forgotten": ("additive", True, state_forgotten),
}


@pytest.mark.parametrize("mistake", PERTURBATIONS)
def test_wrong_models_are_caught(mistake, batch):
    attention, first, perturb = PERTURBATIONS[mistake]
    model = make(attention, first)
    twin = oracle_twin(model)
    assert off_by(model, batch, twin) < TOLERANCE
    perturb(model)
    assert off_by(model, batch, twin) > 1e-4


# The attentions alone.


def attentions():
    torch.manual_seed(2)
    made = [
        AdditiveAttention(6, 4),
        AdditiveAttention(6, 4, width=9),
        MultiplicativeAttention(6, 4, "general"),
        MultiplicativeAttention(6, 4, "concat"),
        MultiplicativeAttention(6, 4, "concat", width=9),
        MultiplicativeAttention(4, 4, "dot"),
    ]
    return [attention.double() for attention in made]


def states(attention, steps=3, time=5):
    torch.manual_seed(3)
    width = 4 if getattr(attention, "kind", "") == "dot" else 6
    query = torch.randn(2, steps, width, dtype=torch.float64)
    return query, torch.randn(2, time, 4, dtype=torch.float64)


@pytest.mark.parametrize("attention", attentions())
def test_scores_one_by_one(attention):
    query, memory = states(attention)
    mask = torch.tensor([[1, 1, 1, 1, 1], [0, 1, 1, 0, 1]]).bool()[:, None]
    context, weights = attention(query, memory, mask=mask)
    assert context.shape == (2, 3, 4) and weights.shape == (2, 3, 5)
    for row in range(2):
        real = mask[row, 0]
        for step in range(3):
            found = torch.stack(
                [score(attention, query[row, step], key) for key in memory[row][real]]
            ).softmax(0)
            assert torch.allclose(weights[row, step][real], found, atol=TOLERANCE)
            expected = found @ memory[row][real]
            assert torch.allclose(context[row, step], expected, atol=TOLERANCE)
    assert (weights[1, :, [0, 3]] == 0).all()


@pytest.mark.parametrize("attention", attentions())
def test_weights_turn_with_the_memory_and_depend_on_the_query(attention):
    """What scores of positions and an additive score without tanh fail."""
    query, memory = states(attention)
    order = torch.tensor([3, 0, 4, 2, 1])
    context, weights = attention(query, memory)
    turned_context, turned = attention(query, memory[:, order])
    assert torch.allclose(turned, weights[..., order], atol=TOLERANCE)
    assert torch.allclose(turned_context, context, atol=TOLERANCE)
    assert (weights[:, 0] - weights[:, 1]).abs().max() > 1e-3
    projected = attention.project(memory)
    assert torch.equal(attention(query, memory, projected=projected)[0], context)


@pytest.mark.parametrize("attention", attentions())
def test_nothing_to_attend_to_gives_zero_and_a_gradient(attention):
    query, memory = states(attention)
    query.requires_grad_()
    mask = torch.tensor([[True] * 5, [False] * 5])[:, None]
    context, weights = attention(query, memory, mask=mask)
    assert (context[1] == 0).all() and (weights[1] == 0).all()
    context.square().sum().backward()
    assert query.grad.isfinite().all() and (query.grad[1] == 0).all()
    assert query.grad[0].abs().max() > 0


def test_concat_is_additive_with_the_matrix_cut_in_two():
    concat = MultiplicativeAttention(6, 4, "concat", width=9).double()
    additive = AdditiveAttention(6, 4, width=9).double()
    w, u = concat.proj.weight.split([6, 4], dim=1)
    additive.load_state_dict(
        {
            "query_proj.weight": w,
            "key_proj.weight": u,
            "score.weight": concat.score.weight,
        }
    )
    query, memory = states(concat)
    for a, b in zip(concat(query, memory), additive(query, memory), strict=True):
        assert torch.allclose(a, b, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("attention", "count"),
    [(None, 46_908), ("dot", 46_908), ("general", 51_004), ("additive", 55_164)],
)
def test_counts(attention, count):
    """The fixed vector and the dot product are compared at equal parameters."""
    config = Seq2SeqConfig(44, 60, attention=attention)
    assert parity.count(lambda: Seq2Seq(config)) == count


def test_bad_input_says_what_is_wrong(batch):
    model = make("additive", False)
    ids, target = batch["input_ids"], batch["decoder_input_ids"]
    mask = batch["attention_mask"]
    for options, message in (
        ({"input_ids": ids + 20}, "outside the vocabulary of 23"),
        ({"decoder_input_ids": target + 20}, "outside the vocabulary of 29"),
        ({"attention_mask": mask[:, :5]}, r"must be \(batch, key\) = \(3, 7\)"),
        ({"input_ids": None}, "either input_ids or encoder_outputs"),
        ({"decoder_input_ids": None}, "decoder_input_ids are missing"),
        ({"decoder_input_ids": target[:2]}, "2 targets for 3 encoded sources"),
        ({"state": torch.zeros(1, 3, 6).double()}, r"must be \(2, 3, 6\)"),
    ):
        with pytest.raises(ValueError, match=message):
            model(**batch | options)
    for make_wrong, message in (
        (lambda: Seq2Seq(replace(CONFIG, width=7)), "two directions don't share"),
        (lambda: Seq2Seq(replace(CONFIG, attention="dots")), "was 'dots'"),
        (lambda: MultiplicativeAttention(6, 4, "dot"), "one width, was 6 and 4"),
    ):
        with pytest.raises(ValueError, match=message):
            make_wrong()
    attention = AdditiveAttention(6, 4)
    query, memory = torch.zeros(2, 3, 6), torch.zeros(2, 5, 4)
    with pytest.raises(ValueError, match=r"memory must be \(batch, time, 4\)"):
        attention(query, query)
    with pytest.raises(ValueError, match=r"query must be \(batch, time, 6\)"):
        attention(memory, memory)
    with pytest.raises(TypeError, match="mask must be boolean.*was torch.int64"):
        attention(query, memory, mask=torch.ones(2, 1, 5).long())
    for shape in ((2, 5), (2, 1, 4)):
        with pytest.raises(ValueError, match=r"= \(2, 3, 5\), was"):
            attention(query, memory, mask=torch.ones(shape).bool())
