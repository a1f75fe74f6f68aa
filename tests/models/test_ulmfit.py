"""AWD-LSTM equals a stack of `torch.nn.LSTM` with dropout off; with it on, it drops
what it should, when it should; the classifier pools what was read."""

from dataclasses import replace

import pytest
import torch
from models import parity
from torch import nn
from torch.nn import functional as F

from utils.models.ulmfit import (
    AWDLSTM,
    AWDLSTMConfig,
    AWDLSTMLMHeadModel,
    ULMFiTClassifier,
)
from utils.nn.dropout import EmbeddingDropout, VariationalDropout
from utils.nn.heads import ConcatPoolingHead, concat_pool

SIZES = AWDLSTMConfig(
    parity.VOCABULARY, embedding_width=6, hidden_width=11, classifier_width=5
)
LENGTHS = [11, 7, 1]
TOLERANCE = 1e-12


def no_dropout(config):
    names = ("embedding", "input", "weight", "layer", "output")
    off = dict.fromkeys((f"{name}_dropout" for name in names), 0.0)
    return replace(config, **off, classifier_dropout=(0.0, 0.0))


def make(kind, config=SIZES, seed=0, **changes):
    """Every parameter and running statistic random, float64, eval mode."""
    torch.manual_seed(seed)
    model = kind(replace(config, **changes)).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.6)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
    return model


@pytest.fixture
def inputs():
    torch.manual_seed(1)
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    ids = torch.randint(0, parity.VOCABULARY, mask.shape)
    return {"input_ids": ids, "attention_mask": mask}


# The oracle: torch's layers, one text at a time, without padding.


def library_layers(model):
    layers = []
    for ours in model.backbone.layers:
        sizes = ours.weight_ih_l0.shape[1], ours.weight_hh_l0.shape[1]
        theirs = nn.LSTM(*sizes, batch_first=True).double()
        theirs.load_state_dict(ours.state_dict())
        layers.append(theirs)
    return layers


def oracle(model, ids):
    """Hidden states of every depth, last states, and logits of one text (time,)."""
    x = model.backbone.token.weight[ids][None]
    hidden, states = [x], []
    for layer in library_layers(model):
        x, state = layer(x)
        hidden.append(x)
        states.append(state)
    if isinstance(model, AWDLSTMLMHeadModel):
        logits = x[0] @ model.backbone.token.weight.T + model.bias
    else:
        pooled = torch.cat([x[0, -1], x[0].max(0).values, x[0].mean(0)])
        logits = oracle_head(model.head, pooled)
    return [h[0] for h in hidden], states, logits


def oracle_head(head, x):
    for norm, linear, activate in (
        (head.norm1, head.fc1, torch.relu),
        (head.norm2, head.fc2, lambda x: x),
    ):
        x = (x - norm.running_mean) / (norm.running_var + 1e-5).sqrt()
        x = activate(linear.weight @ (x * norm.weight + norm.bias) + linear.bias)
    return x


def off_by(model, inputs, reference=None):
    """The largest difference from the oracle: logits, hidden states, last states."""
    found, worst = parity.run(model, inputs), [0.0]
    for row, length in enumerate(LENGTHS):
        with torch.no_grad():
            ids = inputs["input_ids"][row, :length]
            hidden, states, logits = oracle(reference or model, ids)
        got = found.logits[row]
        got = got[:length] if got.ndim == 2 else got
        pairs = [(got, logits)]
        pairs += [
            (a[row, :length], b)
            for a, b in zip(found.hidden_states, hidden, strict=True)
        ]
        pairs += [
            (part[0, row], other[0, 0])
            for a, b in zip(found.state, states, strict=True)
            for part, other in zip(a, b, strict=True)
        ]
        worst += [float((a - b).abs().max()) for a, b in pairs]
    return max(worst)


@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("kind", [AWDLSTMLMHeadModel, ULMFiTClassifier])
def test_equals_torch_in_eval_mode(kind, layers, inputs):
    assert off_by(make(kind, layers=layers), inputs) < TOLERANCE


def test_equals_torch_in_training_without_dropout(inputs):
    model = make(AWDLSTMLMHeadModel, no_dropout(SIZES)).train()
    assert off_by(model, inputs) < TOLERANCE
    assert off_by(make(AWDLSTMLMHeadModel).train(), inputs) > 1e-2


def test_gradients_equal_torch():
    model = make(AWDLSTMLMHeadModel)
    ids = torch.arange(9)[None]
    model(ids).logits.square().mean().backward()
    theirs = library_layers(model)
    x = model.backbone.token.weight.detach()[ids]
    for layer in theirs:
        x, _ = layer(x)
    table = model.backbone.token.weight.detach()
    (x @ table.T + model.bias.detach()).square().mean().backward()
    for ours, layer in zip(model.backbone.layers, theirs, strict=True):
        for name, parameter in layer.named_parameters():
            got = ours.get_parameter(name).grad
            assert torch.allclose(got, parameter.grad, rtol=0, atol=1e-11), name


def test_the_text_goes_on_from_the_state(inputs):
    """In pieces, as training by truncated backpropagation reads it."""
    model, ids = make(AWDLSTMLMHeadModel), inputs["input_ids"]
    whole, state, logits = parity.run(model, {"input_ids": ids}), None, []
    for part in ids.split([4, 1, 6], dim=1):
        found = parity.run(model, {"input_ids": part}, state=state)
        state = found.state
        logits.append(found.logits)
    assert (torch.cat(logits, 1) - whole.logits).abs().max() < TOLERANCE
    forgot = parity.run(model, {"input_ids": ids[:, 5:]}).logits
    assert (forgot - whole.logits[:, 5:]).abs().max() > 1e-2


@pytest.mark.parametrize("side", ["right", "left"])
def test_more_padding_changes_nothing(side, inputs):
    model = make(ULMFiTClassifier)
    expected = parity.run(model, inputs).logits
    width = (0, 3) if side == "right" else (3, 0)
    longer = {
        "input_ids": F.pad(inputs["input_ids"], width, value=9),
        "attention_mask": F.pad(inputs["attention_mask"], width),
    }
    assert (parity.run(model, longer).logits - expected).abs().max() < TOLERANCE
    del longer["attention_mask"]
    assert (parity.run(model, longer).logits - expected).abs().max() > 1e-2


def test_a_classifier_starts_from_a_language_model(inputs):
    language_model, classifier = (
        make(AWDLSTMLMHeadModel),
        make(ULMFiTClassifier, seed=1),
    )
    classifier.backbone.load_state_dict(language_model.backbone.state_dict())
    expected = parity.run(language_model, inputs).hidden_states[-1]
    got = parity.run(classifier, inputs).last_hidden_state
    assert torch.equal(got, expected)


# Wrong models.


def untied(model):
    table = model.backbone.token.weight
    backbone = model.backbone.forward

    def wrong(*inputs):
        found = backbone(*inputs)
        table.data = table.data.roll(1, 0)
        return found

    model.backbone.forward = wrong


def no_first_bias(model):
    for layer in model.backbone.layers:
        layer.bias_hh_l0.data.zero_()


def forget_is_input(model):
    for layer in model.backbone.layers:
        layer.weight_ih_l0.data = layer.weight_ih_l0.data.roll(layer.hidden_size, 0)


def no_cell_tanh(model):
    for layer in model.backbone.layers:
        step = layer.step

        def wrong(*args, step=step):
            (_, c), gates = step(*args)
            return (gates["output"] * c, c), gates

        layer.step = wrong


def reads_padding(model):
    for layer in model.backbone.layers:
        forward = layer.forward
        layer.forward = lambda x, state, mask=None, forward=forward: forward(x, state)


def scaled_by_dropout(model):
    model.backbone.layer_dropout.register_forward_hook(
        lambda module, args, output: output * (1 - module.p)
    )


def still_training(model):
    for layer in model.backbone.layers:
        layer.train()


def pools_with(parts):
    """A pooling instead of [last; max; mean] over what was read."""

    def perturb(model):
        head = model.head
        last, largest, mean = parts

        def wrong(hidden, mask):
            length = mask.sum(1)
            found = {
                "last": hidden[torch.arange(len(hidden)), length - 1],
                "last column": hidden[:, -1],
                "max": concat_pool(hidden, mask)[:, 6:12],
                "max with zeros": hidden.amax(1),
                "mean": concat_pool(hidden, mask)[:, 12:],
                "mean with zeros": hidden.mean(1),
            }
            x = torch.cat([found[last], found[largest], found[mean]], -1)
            x = torch.relu(head.fc1(head.norm1(x)))
            return head.fc2(head.norm2(x))

        head.forward = wrong

    return perturb


def no_relu(model):
    head = model.head
    head.forward = lambda hidden, mask: head.fc2(
        head.norm2(head.fc1(head.norm1(concat_pool(hidden, mask))))
    )


def norm_after(model):
    head = model.head
    head.forward = lambda hidden, mask: head.fc2(
        torch.relu(head.norm2(head.fc1(head.norm1(concat_pool(hidden, mask)))))
    )


WRONG = {
    "head untied": (AWDLSTMLMHeadModel, untied),
    "no bias on the logits": (
        AWDLSTMLMHeadModel,
        lambda m: nn.init.zeros_(m.bias),
    ),
    "no recurrent bias": (AWDLSTMLMHeadModel, no_first_bias),
    "gates in another order": (AWDLSTMLMHeadModel, forget_is_input),
    "no tanh on the cell": (AWDLSTMLMHeadModel, no_cell_tanh),
    "padding read": (AWDLSTMLMHeadModel, reads_padding),
    "features scaled in eval mode": (AWDLSTMLMHeadModel, scaled_by_dropout),
    "weights dropped in eval mode": (AWDLSTMLMHeadModel, still_training),
    "last column for the last token": (
        ULMFiTClassifier,
        pools_with(("last column", "max", "mean")),
    ),
    "maximum with padding": (
        ULMFiTClassifier,
        pools_with(("last", "max with zeros", "mean")),
    ),
    "mean with padding": (
        ULMFiTClassifier,
        pools_with(("last", "max", "mean with zeros")),
    ),
    "maximum and mean swapped": (
        ULMFiTClassifier,
        pools_with(("last", "mean", "max")),
    ),
    "no ReLU": (ULMFiTClassifier, no_relu),
    "ReLU after the norm": (ULMFiTClassifier, norm_after),
    "wrong eps": (
        ULMFiTClassifier,
        lambda m: setattr(m.head.norm1, "eps", 1e-3),
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_models_are_caught(mistake, inputs):
    kind, perturb = WRONG[mistake]
    model, reference = make(kind), make(kind)
    assert off_by(model, inputs, reference) < TOLERANCE
    perturb(model)
    assert off_by(model, inputs, reference) > 1e-4


def test_right_pooling_is_the_unperturbed_one(inputs):
    """So that the perturbations above prove their point, not a mistake of their own."""
    model, reference = make(ULMFiTClassifier), make(ULMFiTClassifier)
    pools_with(("last", "max", "mean"))(model)
    assert off_by(model, inputs, reference) < TOLERANCE


# Weight dropout: what reaches the steps, written down.


def steps_of(model, ids):
    """The weight_hh that each layer uses at each step of one forward pass, and what
    W_ih and the biases were (they must be the parameters themselves)."""
    seen = []
    for layer in model.backbone.layers:
        step, used = layer.step, []

        def spy(projected, state, weight, bias, *, step=step, used=used, layer=layer):
            assert torch.equal(bias, layer.bias_hh_l0)
            used.append(weight.detach().clone())
            return step(projected, state, weight, bias)

        layer.step = spy
        seen.append(used)
    hidden = model.backbone(ids).hidden_states
    for layer in model.backbone.layers:
        del layer.step
    return seen, hidden


def assert_weight_dropout(model, ids, p):
    """One mask a layer and pass, the same at every step, on weight_hh only, and only
    in training."""
    parameters = [layer.weight_hh_l0.detach() for layer in model.backbone.layers]
    passes = [steps_of(model.train(), ids)[0] for _ in range(2)]
    for first, second, whole in zip(*passes, parameters, strict=True):
        assert len(first) == ids.shape[1]
        same = all(torch.equal(weight, first[0]) for weight in first)
        assert same, "a mask for each step"
        assert not torch.equal(first[0], second[0]), "the same mask in two passes"
        dropped = first[0] == 0
        assert abs(float(dropped.double().mean()) - p) < 0.1
        kept = (first[0] - whole / (1 - p))[~dropped]
        assert kept.abs().max() < TOLERANCE, "what is kept isn't scaled"
    seen, hidden = steps_of(model.eval(), ids)
    for used, whole in zip(seen, parameters, strict=True):
        assert all(torch.equal(weight, whole) for weight in used), "dropped in eval"
    # The first step starts from zero, so it knows no recurrent weight: what it gives in
    # training shows whether W_ih was dropped.
    model.train()
    _, noisy = steps_of(model, ids)
    first, noisy = hidden[1][:, 0], noisy[1][:, 0]
    assert (first - noisy).abs().max() < TOLERANCE, "an input weight was dropped"


WEIGHT_DROPOUT = replace(no_dropout(SIZES), weight_dropout=0.4)


def test_recurrent_weights_are_dropped_in_training_once_a_pass(inputs):
    model = make(AWDLSTMLMHeadModel, WEIGHT_DROPOUT)
    assert_weight_dropout(model, inputs["input_ids"], p=0.4)


def also_in_eval_mode(model):
    for layer in model.backbone.layers:
        scan = layer._scan

        def wrong(*args, layer=layer, scan=scan):
            was, layer.training = layer.training, True
            result = scan(*args)
            layer.training = was
            return result

        layer._scan = wrong


def same_mask_for_ever(model):
    for layer in model.backbone.layers:
        layer.weight_dropout = 0.0
        weight = layer.weight_hh_l0
        weight.data = F.dropout(weight.data, 0.4)


def input_weights_too(model):
    for layer in model.backbone.layers:
        scan = layer._scan

        def wrong(*args, layer=layer, scan=scan):
            whole = layer.weight_ih_l0.data
            layer.weight_ih_l0.data = F.dropout(whole, 0.4, layer.training)
            result = scan(*args)
            layer.weight_ih_l0.data = whole
            return result

        layer._scan = wrong


def not_scaled(model):
    for layer in model.backbone.layers:
        scan = layer._scan

        def wrong(*args, layer=layer, scan=scan):
            whole = layer.weight_hh_l0.data
            if layer.training:
                layer.weight_hh_l0.data = whole * (1 - layer.weight_dropout)
            result = scan(*args)
            layer.weight_hh_l0.data = whole
            return result

        layer._scan = wrong


def off(model):
    for layer in model.backbone.layers:
        layer.weight_dropout = 0.0


def a_mask_for_each_step(model):
    for layer in model.backbone.layers:
        scan = layer._scan

        def wrong(x, state, suffix, mask, keep_gates, scan=scan):
            outputs = []
            for step in x.split(1, dim=1):
                output, state, gates = scan(step, state, suffix, mask, keep_gates)
                outputs.append(output)
            return torch.cat(outputs, 1), state, gates

        layer._scan = wrong


@pytest.mark.parametrize(
    ("perturb", "message"),
    [
        (a_mask_for_each_step, "a mask for each step"),
        (same_mask_for_ever, "the same mask in two passes"),
        (off, "the same mask in two passes"),
        (not_scaled, "what is kept isn't scaled"),
        (also_in_eval_mode, "dropped in eval"),
        (input_weights_too, "an input weight was dropped"),
    ],
)
def test_wrong_weight_dropout_is_caught(perturb, message, inputs):
    model = make(AWDLSTMLMHeadModel, WEIGHT_DROPOUT)
    perturb(model)
    with pytest.raises(AssertionError, match=message):
        assert_weight_dropout(model, inputs["input_ids"], p=0.4)


def test_a_dropped_weight_has_no_gradient(inputs):
    model = make(AWDLSTMLMHeadModel, WEIGHT_DROPOUT)
    seen, hidden = steps_of(model.train(), inputs["input_ids"])
    hidden[-1].square().sum().backward()
    for layer, used in zip(model.backbone.layers, seen, strict=True):
        gradient = layer.weight_hh_l0.grad
        assert torch.equal(gradient == 0, used[0] == 0)


# Dropout of features and of tokens.


def test_variational_dropout_keeps_its_mask_over_time():
    torch.manual_seed(8)
    dropout, x = VariationalDropout(0.3), torch.rand(40, 9, 25) + 1
    factor = dropout(x) / x
    assert torch.allclose(factor, factor[:, :1].expand_as(factor))
    assert set(factor.mul(7).round().unique().tolist()) == {0.0, 10.0}  # 0 or 1/0.7
    assert abs(float((factor == 0).float().mean()) - 0.3) < 0.05
    assert not torch.equal(factor[0], factor[1])  # each sequence its own
    assert dropout.eval()(x) is x
    plain = nn.Dropout(0.3)(x) / x
    assert not torch.allclose(plain, plain[:, :1].expand_as(plain))


def test_embedding_dropout_drops_a_token_wherever_it_stands():
    torch.manual_seed(9)
    model = AWDLSTM(SIZES)
    dropout, ids = EmbeddingDropout(0.3), torch.randint(0, parity.VOCABULARY, (20, 30))
    whole = model.token(ids)
    factor = (dropout(model.token, ids) / whole * 7).round()  # 0, or 7/0.7
    assert set(factor.unique().tolist()) == {0.0, 10.0}
    dropped = set()
    for token in ids.unique().tolist():
        mine = factor[ids == token]
        assert (mine == mine[0, 0]).all()
        dropped |= {token} if mine[0, 0] == 0 else set()
    assert 0.15 < len(dropped) / parity.VOCABULARY < 0.45
    assert torch.equal(dropout.eval()(model.token, ids), whole)


def test_each_dropout_is_where_it_belongs(inputs):
    """Alone, each changes the depths from its own on and none before; the table that
    scores stays whole."""
    ids = inputs["input_ids"]
    for name, depth in (
        ("embedding_dropout", 0),
        ("input_dropout", 0),
        ("weight_dropout", 1),
        ("layer_dropout", 2),
        ("output_dropout", 4),
    ):
        model = make(AWDLSTMLMHeadModel, no_dropout(SIZES), **{name: 0.5})
        quiet, noisy = model(ids), model.train()(ids)
        pairs = [
            *zip(quiet.hidden_states, noisy.hidden_states, strict=True),
            (quiet.last_hidden_state, noisy.last_hidden_state),
        ]
        changed = [not torch.allclose(a, b, atol=1e-9) for a, b in pairs]
        assert changed == [at >= depth for at in range(5)], name
        expected = noisy.last_hidden_state @ model.backbone.token.weight.T + model.bias
        assert torch.allclose(noisy.logits, expected, atol=TOLERANCE)


def test_every_parameter_of_the_classifier_learns(inputs):
    model = make(ULMFiTClassifier).train()
    model(**inputs).logits.square().mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.abs().max() > 0, name


# Sizes and errors.


@pytest.mark.parametrize(
    ("vocabulary", "count"),
    [(10_000, 24_221_600), (33_278, 33_556_078)],
)
def test_published_sizes(vocabulary, count):
    """24M on the Penn Treebank, 33M on WikiText-2 (Merity et al. 2018, tables 1, 2)."""
    config = AWDLSTMConfig(vocabulary)
    assert parity.count(lambda: AWDLSTMLMHeadModel(config)) == count


def test_first_values():
    """§5: U(-0.1, 0.1) for the table, U(-1/√H, 1/√H) for the layers."""
    model = AWDLSTM(AWDLSTMConfig(500, embedding_width=25, hidden_width=100))
    for parameter, bound in (
        (model.token.weight, 0.1),
        (model.layers[0].weight_hh_l0, 0.1),
        (model.layers[2].weight_hh_l0, 0.2),
    ):
        assert 0.95 * bound < float(parameter.detach().abs().max()) <= bound


def test_bad_input_says_what_is_wrong(inputs):
    model, classifier = make(AWDLSTMLMHeadModel), make(ULMFiTClassifier)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    with pytest.raises(ValueError, match=f"vocabulary of {parity.VOCABULARY}"):
        model(ids + parity.VOCABULARY)
    with pytest.raises(ValueError, match=r"= \(3, 11\), was \(3, 5\)"):
        model(ids, mask[:, :5])
    state = model(ids).state
    with pytest.raises(ValueError, match="for each of 3 layers, was 2"):
        model(ids, state=state[:2])
    with pytest.raises(ValueError, match=r"must be 2 of \(1, 2, 11\)"):
        model(ids[:2], state=state)
    with pytest.raises(ValueError, match="nothing but padding"):
        classifier(ids, mask * torch.tensor([1, 0, 1])[:, None])
    with pytest.raises(ValueError, match="weight_dropout must be in"):
        AWDLSTM(replace(SIZES, weight_dropout=1.5))


def test_pooling_by_hand():
    hidden = torch.tensor([[[1.0, -4], [3, -2], [9, 9]], [[5, 0], [6, 1], [7, -1]]])
    mask = torch.tensor([[True, True, False], [True, True, True]])
    found = concat_pool(hidden, mask).tolist()
    assert found == [[3, -2, 3, -2, 2, -3], [7, -1, 7, 1, 6, 0]]
    assert concat_pool(hidden)[1].tolist() == found[1]
    head = ConcatPoolingHead(2, 4, inner_width=3)
    assert head(hidden, mask).shape == (2, 4)
