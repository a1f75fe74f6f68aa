"""Every formula against the real models, to the unit; and wrong formulas are caught."""

import random
import subprocess
import sys
from dataclasses import replace
from functools import partial

import ledger_oracle as oracle
import pytest
import torch
import transformers
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from utils import ledger
from utils.ledger import block_formulas, model_formulas
from utils.ledger.block_formulas import LENGTH, TOKENS, Cost
from utils.ledger.presets import MODELS
from utils.models.transformer import Transformer, TransformerConfig
from utils.nn.kv_cache import KVCache
from utils.pretrained import from_hf
from utils.pretrained.hugging_face import supported

transformers.logging.set_verbosity_error()
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor")

KNOWN = {
    "transformer-base": 63_082_496,
    "bert-base": 109_482_240,
    "bert-base-mlm": 109_514_298,
    "bert-base-pretraining": 110_106_428,
    "bert-large": 335_141_888,
    "bert-large-pretraining": 336_226_108,
    "tinybert-4": 14_350_248,
    "minilm-l6": 22_713_216,
    "distilbert": 66_362_880,
    "distilbert-base": 66_362_880,
    "distilbert-base-mlm": 66_985_530,
    "roberta-base": 124_645_632,
    "roberta-base-mlm": 124_697_433,
    "roberta-large": 355_359_744,
    "albert-base-v2": 11_683_584,
    "albert-base-v2-pretraining": 11_813_810,
    "albert-xxlarge-v2": 222_595_584,
    "electra-small": 13_483_008,
    "electra-small-discriminator": 13_549_057,
    "electra-base": 108_891_648,
    "electra-base-discriminator": 109_483_009,
    "deberta-base": 138_601_728,
    "deberta-v3-base": 183_831_552,
    "xlnet-base": 116_750_336,
    "gpt1": 116_534_784,
    "gpt2": 124_439_808,
    "gpt2-small": 124_439_808,
    "gpt2-medium": 354_823_168,
    "gpt2-large": 774_030_080,
    "gpt2-xl": 1_557_611_200,
    "gpt3": 174_604_259_328,
    "bart-base": 139_420_416,
    "bart-large": 406_291_456,
    "pegasus-large": 570_797_056,
    "t5-small": 60_506_624,
    "t5-base": 222_903_552,
    "vit-b-16": 86_567_656,
    "vit-b-16-pooler": 86_389_248,
    "vit-b-32": 88_224_232,
    "llama-2-7b": 6_738_415_616,
    "llama-2-70b": 68_976_648_192,
    "llama-3-8b": 8_030_261_248,
    "bloom-176b": 176_247_271_424,
}
# A model of each family with each of its heads.
CASES = [
    ("bert-base", {}),
    ("bert-base", {"pooler": False}),
    ("bert-base", {"classes": 3}),
    ("bert-base", {"classes": 3, "pooler": False}),
    ("bert-base-mlm", {}),
    ("bert-base-pretraining", {}),
    ("roberta-base", {}),
    ("roberta-base", {"classes": 3, "pooler": False}),
    ("roberta-base-mlm", {}),
    ("distilbert-base", {}),
    ("distilbert-base", {"classes": 3}),
    ("distilbert-base-mlm", {}),
    ("albert-base-v2", {}),
    ("albert-base-v2", {"classes": 3}),
    ("albert-base-v2-pretraining", {}),
    ("electra-small", {}),
    ("electra-small", {"classes": 3}),
    ("electra-small-discriminator", {}),
    ("electra-small-generator", {}),
    ("deberta-base", {}),
    ("deberta-base", {"content_to_position": False}),
    ("deberta-base", {"position_to_content": False}),
    ("deberta-base-mlm", {}),
    ("deberta-v3-base", {}),
    ("deberta-v3-base", {"masked_lm": True}),
    ("xlnet-base", {}),
    ("xlnet-base", {"lm_head": False}),
    ("gpt1", {}),
    ("gpt2", {}),
    ("gpt2", {"lm_head": False}),
    ("bloom-176b", {}),
    ("llama-3-8b", {}),
    ("llama-3-8b", {"lm_head": False}),
    ("transformer-base", {}),
    ("transformer-base", {"last_norms": True, "relu": False}),
    ("bart-base", {}),
    ("bart-base", {"relu": True}),
    ("pegasus-large", {}),
    ("pegasus-large", {"sinusoids": False}),
    ("t5-small", {}),
    ("t5-small", {"gated": True}),
    ("vit-b-16", {}),
    ("vit-b-16-pooler", {}),
]
WITH_HEAD = [
    (name, switches)
    for name, switches in CASES
    if {"lm_head", "masked_lm"}
    & {k for k, v in ledger.dimensions(name, **switches).items() if v}
]
# Those that this package has a model of.
MEASURED = [
    (name, switches)
    for name, switches in CASES
    if MODELS[name].family.ours
    and switches.get("sinusoids", True)
    and switches.get("content_to_position", True)
    and switches.get("position_to_content", True)
    and not switches.get("last_norms")
    and switches != {"pooler": False}
]
# Their own models leave out products of distances that don't occur.
RELATIVE = ("deberta", "xlnet")


def named(case):
    name, switches = case
    return "-".join([name, *(f"{k}={v}" for k, v in switches.items())])


def small(name, switches, generator):
    """Random sizes, some of them odd, that make a model of a few thousand parameters.

    A half to a third of what can be switched without another class is switched.
    """
    pick = generator.choice
    heads, share = pick([1, 2, 3, 5]), pick([2, 4, 6])
    given = ledger.dimensions(name, **switches)
    sizes = {
        "vocabulary": generator.randint(40, 90),
        "width": heads * share,
        "embedding_width": pick([heads * share, 7]),
        "layers": generator.randint(1, 4),
        "decoder_layers": generator.randint(1, 4),
        "groups": 1,
        "heads": heads,
        "key_value_heads": pick([g for g in range(1, heads + 1) if heads % g == 0]),
        "inner_width": generator.randint(5, 40),
        "positions": generator.randint(16, 40),
        "segments": generator.randint(1, 3),
        "max_distance": pick([5, 32]),
        "buckets": pick([8, 32]),
        "image": pick([20, 23]),
        "patch": pick([4, 5]),
        "channels": pick([1, 3]),
    }
    if name.startswith("t5"):
        sizes["head_width"] = pick([3, 6])
    if name.startswith(("gpt1", "bloom")):
        del sizes["inner_width"]
    if name.startswith("albert"):
        sizes["groups"] = generator.randint(1, sizes["layers"])
    if name.startswith("deberta"):
        sizes["segments"] = 0
    return {k: v for k, v in sizes.items() if k in given} | switches


def differing(names=KNOWN):
    """The models whose ledger isn't the known number."""
    return [name for name in names if ledger.parameters(name) != KNOWN[name]]


# Parameters.


def test_every_known_count():
    assert differing() == []


@pytest.mark.parametrize("name", ledger.models())
def test_equals_the_real_model(name):
    assert {r.part: r.value for r in ledger.table(name)} == oracle.rows(name)
    ledger.table(name).check(oracle.build(name))


@pytest.mark.parametrize("case", CASES, ids=named)
def test_equals_the_real_model_at_random_sizes(case):
    name, switches = case
    generator = random.Random(named(case))
    for _ in range(5):
        changes = small(name, switches, generator)
        for switch in sorted({"tied", "biases"} & ledger.dimensions(name).keys()):
            changes[switch] = generator.random() < 0.6
        if case not in WITH_HEAD:
            changes.pop("tied", None)  # There is nothing to tie.
        rows = {r.part: r.value for r in ledger.table(name, **changes)}
        assert rows == oracle.rows(name, **changes), changes


@pytest.mark.parametrize("case", WITH_HEAD, ids=named)
def test_untied_adds_a_table_and_nothing_else(case):
    name, switches = case
    sizes = ledger.dimensions(name, **switches)
    tied, untied = (ledger.parameters(name, **switches, tied=t) for t in (True, False))
    width = sizes.get("embedding_width", sizes["width"])
    # Source, target and head have a table each where BART and the Transformer share.
    copies = 2 if name.startswith(("transformer", "bart", "pegasus")) else 1
    assert untied - tied == copies * sizes["vocabulary"] * width


@pytest.mark.parametrize("name", ["bert-base-mlm", "roberta-base-mlm", "bart-base"])
def test_what_the_oracle_leaves_out_is_dead(name):
    """No output of an untied model depends on the copies that aren't counted."""
    sizes = small(name, {"tied": False}, random.Random(0))
    model = oracle.build(name, device="cpu", **sizes)
    model(**inputs(name, sizes, 2, 7, 5)).logits.square().sum().backward()
    unused = {n for n, p in model.named_parameters() if p.grad is None}
    assert unused
    assert unused <= set(oracle.DEAD[oracle.family(name)])


def test_heads_change_no_count():
    counts = {ledger.parameters("bert-base", heads=h) for h in (1, 4, 8, 12)}
    assert counts == {109_482_240}


def test_sizes_that_follow_from_others():
    assert ledger.dimensions("gpt2", width=1024, heads=16)["inner_width"] == 4096
    medium = ledger.parameters("gpt2", width=1024, layers=24, heads=16)
    assert medium == 354_823_168
    assert ledger.dimensions("t5-small", layers=3)["decoder_layers"] == 3
    assert ledger.parameters("bert-base", width=384, layers=6, inner_width=1536) == (
        ledger.parameters("minilm-l6")
    )


def test_the_original_without_its_table():
    """`nn.Transformer` has two norms more, one after each stack."""
    table = ledger.table("transformer-base")
    assert table["token table"].value == 18_944_000
    assert table.total - 18_944_000 == 44_138_496
    theirs = sum(p.numel() for p in torch.nn.Transformer(device="meta").parameters())
    assert theirs == 44_138_496 + 2 * 2 * 512


def test_what_is_common_to_gpt():
    """12·L·d² + 13·L·d, tables and the last norm: a formula that many have seen."""
    import sympy

    d, layers, vocabulary, n = sympy.symbols("d L V n")
    formula = ledger.table("gpt3").formula.subs({"f": 4 * d})
    expected = 12 * layers * d**2 + 13 * layers * d + (vocabulary + n) * d + 2 * d
    assert sympy.expand(formula - expected) == 0


# Ways of being wrong: from the right block to a wrong one.


def put(monkeypatch, function, change):
    """A wrong block in the place of the right one."""
    right = getattr(block_formulas, function)
    for module in (block_formulas, model_formulas):
        monkeypatch.setattr(module, function, change(right), raising=False)


def instead(wrong):
    return lambda right: wrong


def given(**always):
    return lambda right: lambda *sizes, **options: right(*sizes, **options | always)


def without(option):
    def leave_out(options):
        return {k: v for k, v in options.items() if k != option}

    return lambda right: lambda *sizes, **options: right(*sizes, **leave_out(options))


def cost(**formulas):
    """One of the costs put through a function of the right one and of the sizes."""

    def change(right):
        def wrong(*sizes, **options):
            found = right(*sizes, **options)
            changed = {k: f(getattr(found, k), *sizes) for k, f in formulas.items()}
            return replace(found, **changed)

        return wrong

    return change


def per_head(attention):
    """Each head as wide as the model: the parameters times the heads."""

    def wrong(width, heads, **options):
        return attention(width, heads, **options | {"head_width": width})

    return wrong


nothing = instead(lambda *sizes, **options: Cost())
no_shift = cost(parameters=lambda right, width, rows=TOKENS: width)
no_output = cost(parameters=lambda right, width, heads: right - width**2 - width)
one_row_less = cost(parameters=lambda right, rows, width: right - width)
with_shift = instead(block_formulas.layer_norm)
no_gate = instead(partial(block_formulas.feed_forward, bias=False))
plain = instead(lambda d, h, *_, **options: block_formulas.self_attention(d, h))

WRONG = {
    "no norms": ("layer_norm", nothing, "bert-base gpt2"),
    "norms without shift": ("layer_norm", no_shift, "bert-base gpt2"),
    "RMS norms with shift": ("rms_norm", with_shift, "t5-small llama-2-7b"),
    "tied head counted": (
        "vocabulary_scores",
        given(tied=False),
        "gpt2 t5-small bart-base",
    ),
    "every head as wide as the model": ("self_attention", per_head, "bert-base gpt2"),
    "output projection forgotten": ("self_attention", no_output, "bert-base vit-b-16"),
    "feed-forward without biases": (
        "feed_forward",
        given(bias=False),
        "bert-base bart-base",
    ),
    "pooler without bias": ("pooler", given(bias=False), "bert-base vit-b-16-pooler"),
    "a row of a table forgotten": ("embedding", one_row_less, "bert-base t5-small"),
    "patches without bias": ("patch_embedding", given(bias=False), "vit-b-16 vit-b-32"),
    "[CLS] forgotten": ("parameter", nothing, "vit-b-16"),
    "no cross-attention": ("cross_attention", nothing, "transformer-base t5-small"),
    "gate forgotten": ("gated_feed_forward", no_gate, "llama-2-7b"),
    "XLNet with BERT's attention": ("relative_attention", plain, "xlnet-base"),
    "DeBERTa with BERT's attention": (
        "disentangled_self_attention",
        plain,
        "deberta-base",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_formulas_are_caught(monkeypatch, wrong):
    function, change, names = WRONG[wrong]
    put(monkeypatch, function, change)
    assert differing(names.split()) == names.split()


def test_heads_that_share_keys(monkeypatch):
    """Forgotten, Llama-2-70B and Llama-3-8B are wrong and Llama-2-7B isn't."""
    put(monkeypatch, "self_attention", without("key_value_heads"))
    names = ["llama-2-7b", "llama-2-70b", "llama-3-8b"]
    assert differing(names) == names[1:]


def test_layers_that_share_parameters(monkeypatch):
    """Each with its own, ALBERT is wrong and BERT isn't."""
    right = Cost.times
    monkeypatch.setattr(Cost, "times", lambda cost, layers, _=None: right(cost, layers))
    names = ["bert-base", "albert-base-v2", "albert-xxlarge-v2"]
    assert differing(names) == names[1:]


def test_check_names_the_difference():
    table = ledger.table("bert-base")
    message = "590,592 parameters fewer than bert-base, as much as its pooler"
    with pytest.raises(ValueError, match=message):
        table.check(oracle.build("bert-base", pooler=False))
    untied = ledger.table("gpt2", tied=False)
    with pytest.raises(ValueError, match="token table or token scores"):
        untied.check(oracle.build("gpt2"))


def ours(name, changes):
    """This package's model of a name, with weights at random."""
    if name.startswith("transformer"):
        sizes = ledger.dimensions(name, **changes)
        fields = TransformerConfig.__dataclass_fields__
        return Transformer(
            TransformerConfig(**{k: v for k, v in sizes.items() if k in fields})
        ).eval()
    theirs = oracle.build(name, device="cpu", **changes)
    return supported(type(theirs).__name__).build(theirs.config).eval()


# Operations.


def inputs(name, changes, batch, length, target):
    sizes = ledger.dimensions(name, **changes)
    if "patch" in sizes:
        side = sizes["image"]
        return {"pixel_values": torch.randn(batch, sizes["channels"], side, side)}
    shapes = {"input_ids": (batch, length), "decoder_input_ids": (batch, target)}
    if "decoder_layers" not in sizes:
        del shapes["decoder_input_ids"]
    return {k: torch.randint(3, sizes["vocabulary"], s) for k, s in shapes.items()}


def lengths(name, batch, length, target):
    sizes, given = ledger.dimensions(name), {"batch": batch}
    if "patch" not in sizes:
        given["length"] = length
    if "decoder_layers" in sizes:
        given["target_length"] = target
    return given


def loss_of(outputs):
    """Something that every part which the ledger names has a share in."""
    tensors = [v for v in dict(outputs).values() if isinstance(v, torch.Tensor)]
    return sum(v.sum() for v in tensors if v.requires_grad)


def flops(model, given, training):
    # The counter doesn't see the CPU's fused attention; PyTorch's own Transformer has
    # no other way to be asked for the plain one.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        outputs = model(**given)
        if training:
            loss_of(outputs).backward()
    return counter.get_total_flops()


@pytest.mark.parametrize("case", CASES, ids=named)
def test_operations_equal_the_counted(case):
    name, switches = case
    generator = random.Random(named(case))
    for _ in range(2):
        changes = small(name, switches, generator)
        batch, length, target = (generator.choice([2, 3, 7, 11]) for _ in range(3))
        model = oracle.build(name, device="cpu", **changes)
        if name.startswith("transformer"):
            model.train()  # In eval it takes a path that isn't counted.
        given = inputs(name, changes, batch, length, target)
        said = changes | lengths(name, batch, length, target)
        for training in (False, True):
            counted = ledger.operations(name, training=training, **said)
            assert int(counted) == flops(model, given, training), (said, training)


def test_operations_of_bert_at_512():
    """Scores and averages are a ninth of the projections and the feed-forward."""
    counted = ledger.operations("bert-base", length=512, layers=2)
    assert int(counted) == 16_107_307_008
    assert ledger.operations("vit-b-16").total == 35_127_656_448


@pytest.mark.parametrize("case", MEASURED, ids=named)
def test_our_own_models_equal_their_ledger(case):
    """In parameters and, fused attention aside, in operations."""
    name, switches = case
    changes = small(name, switches, random.Random(named(case)))
    if "patch" in changes:
        changes["image"] = 4 * changes["patch"]
    model = ours(name, changes)
    buffers = {"sinusoids": False} if name.startswith("pegasus") else {}
    ledger.table(name, **changes, **buffers).check(model)
    if name.startswith(RELATIVE):
        return
    counted = ledger.operations(name, **changes, **lengths(name, 2, 11, 9)).total
    assert counted == flops(model, inputs(name, changes, 2, 11, 9), training=False)


def test_training_is_three_forward_passes():
    forward, training = (
        ledger.operations("gpt2", length=64, training=t).total for t in (False, True)
    )
    assert training == 3 * forward


@pytest.mark.parametrize("factor", [2, 0.5])
def test_wrong_operations_are_caught(monkeypatch, factor):
    """Scores or average and not both; a multiply-add as four."""
    wrong = cost(forward=lambda right, *sizes: factor * right)
    put(monkeypatch, "attention_core", wrong)
    counted = ledger.operations("bert-base", length=512, layers=2)
    assert int(counted) != 16_107_307_008


# Memory.


def kept_bytes(run, model):
    """Bytes of all storages of numbers that autograd keeps, parameters left out.

    And ids and masks, which aren't floats, and the number that averages a loss.
    """
    parameters = {p.untyped_storage().data_ptr() for p in model.parameters()}
    storages, alive = {}, []

    def pack(tensor):
        storage = tensor.untyped_storage()
        counts = tensor.is_floating_point() and tensor.ndim > 0
        if counts and storage.data_ptr() not in parameters:
            storages[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)  # A freed address could be given away again.
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        run()
    return sum(storages.values())


def loss_with_cross_entropy(outputs, scores_classes):
    total = 0
    for name, value in vars(outputs).items():
        if not isinstance(value, torch.Tensor):
            continue
        if name in ("logits", "prediction_logits") and scores_classes:
            wanted = torch.zeros(value[..., 0].numel(), dtype=torch.long)
            total = total + F.cross_entropy(value.flatten(0, -2), wanted)
        elif value.requires_grad:
            total = total + value.sum()
    return total


def excess(name, switches, attention, batch=2, length=11, target=9):
    """Measured minus counted bytes."""
    changes = small(name, switches, random.Random(named((name, switches)))) | switches
    if "patch" in changes:
        changes["image"] = 4 * changes["patch"]
    model = ours(name, changes)
    given = inputs(name, changes, batch, length, target)
    weights = {"output_attentions": True} if attention == "written out" else {}

    def run():
        loss_with_cross_entropy(model(**given, **weights), "discriminator" not in name)

    said = changes | lengths(name, batch, length, target)
    counted = ledger.activations(name, attention=attention, **said).total
    return kept_bytes(run, model) - counted


@pytest.mark.parametrize("attention", ["fused", "written out"])
@pytest.mark.parametrize("case", MEASURED, ids=named)
def test_activations_equal_the_measured(case, attention):
    """To the byte."""
    assert excess(*case, attention) == 0


@pytest.mark.parametrize("batch, length", [(1, 4), (1, 11), (1, 300), (3, 300)])
@pytest.mark.parametrize(
    "case",
    [
        ("deberta-base", {"max_distance": 8}),
        ("deberta-v3-base", {"buckets": 8}),
        ("xlnet-base", {}),
        ("t5-small", {}),
    ],
    ids=named,
)
def test_activations_of_relative_positions(case, batch, length):
    """Few and many distances, one sequence and more, one block of queries and more."""
    assert excess(*case, "written out", batch, length, length) == 0


no_input = cost(kept=lambda right, width, rows=TOKENS: right - rows * width)
kept_once = cost(kept=lambda right, width, *_: (TOKENS + 2 * LENGTH) * width)
not_scaled = cost(kept=lambda right, width, *_: right - TOKENS * width)

WRONG_KEPT = {
    "GELU's input forgotten": ("feed_forward", given(relu=True), "bert-base", {}),
    "tanh for GELU": (
        "two_layer_classifier",
        without("gelu"),
        "electra-small",
        {"classes": 3},
    ),
    "norms' input forgotten": ("layer_norm", no_input, "bert-base", {}),
    "RMS norms' too": ("rms_norm", no_input, "t5-small", {}),
    "gate forgotten": ("gated_feed_forward", no_gate, "t5-small", {"gated": True}),
    "masked weights kept once": ("attention_core", without("masked"), "gpt2", {}),
    "weights kept twice": ("self_attention", given(causal=True), "deberta-base", {}),
    "one copy for all sequences": ("position_scores", kept_once, "xlnet-base", {}),
    "a copy forgotten": ("position_scores", not_scaled, "deberta-v3-base", {}),
}


@pytest.mark.parametrize("wrong", WRONG_KEPT)
def test_wrong_activations_are_caught(monkeypatch, wrong):
    function, change, *case = WRONG_KEPT[wrong]
    assert excess(*case, "written out") == 0
    put(monkeypatch, function, change)
    assert excess(*case, "written out") != 0


def test_a_learned_bias_keeps_weights(monkeypatch):
    """Even fused, which is caught if it's forgotten."""
    put(monkeypatch, "attention_core", without("biased"))
    assert excess("t5-small", {}, "fused") > 0
    assert excess("gpt2", {}, "fused") == 0


def test_written_out_attention_is_quadratic():
    fused, written_out = (
        [
            ledger.activations("bert-base", length=n, attention=a)["attention weights"]
            for n in (128, 256)
        ]
        for a in ("fused", "written out")
    )
    assert fused[1].value == 2 * fused[0].value
    assert written_out[1].value == 4 * written_out[0].value


def test_training_state_equals_the_measured():
    changes = small("gpt2", {}, random.Random(3))
    model = oracle.build("gpt2", device="cpu", **changes)
    optimizer = torch.optim.AdamW(model.parameters())
    loss_of(model(**inputs("gpt2", changes, 2, 7, 0))).backward()
    optimizer.step()
    counted = ledger.memory("gpt2", **changes)
    assert [row.part for row in counted] == [
        "weights",
        "gradients",
        "AdamW's two moments",
    ]
    assert counted["weights"].value == sum(p.nbytes for p in model.parameters())
    assert counted["gradients"].value == sum(p.grad.nbytes for p in model.parameters())
    moments = sum(
        value.nbytes
        for state in optimizer.state.values()
        for key, value in state.items()
        if key != "step"
    )
    assert counted["AdamW's two moments"].value == moments
    assert counted.total == 16 * ledger.parameters("gpt2", **changes)


def test_mixed_precision_saves_nothing_of_the_state():
    """2 + 2 + 4 + 8 bytes a parameter are 16 again; activations are halved."""
    plain = ledger.memory("gpt2", length=128)
    mixed = ledger.memory("gpt2", length=128, dtype=torch.bfloat16, master_weights=True)
    state = 16 * ledger.parameters("gpt2")
    assert mixed.total - mixed["activations"].value == state
    assert plain.total - plain["activations"].value == state
    assert 2 * mixed["activations"].value == plain["activations"].value


@pytest.mark.parametrize(
    "name",
    ["gpt2", "llama-3-8b", "bloom-176b", "bart-base", "pegasus-large", "t5-small"],
)
def test_cache_equals_the_measured(name):
    changes = small(name, {}, random.Random(name))
    model = oracle.build(name, device="cpu", **changes)
    given = inputs(name, changes, 3, 11, 7)
    kept = model(**given, use_cache=True).past_key_values
    sides = [kept]
    if hasattr(kept, "cross_attention_cache"):
        sides = [kept.self_attention_cache, kept.cross_attention_cache]
    layers = [layer for side in sides for layer in side.layers]
    measured = sum(layer.keys.nbytes + layer.values.nbytes for layer in layers)
    said = changes | lengths(name, 3, 11, 7)
    assert ledger.kv_cache(name, **said).total == measured


def test_cache_equals_our_own():
    changes = small("gpt2", {}, random.Random(5))
    model = from_hf(oracle.build("gpt2", device="cpu", **changes))
    cache = KVCache(changes["layers"], capacity=13)
    model(**inputs("gpt2", changes, 2, 7, 0), cache=cache)
    counted = ledger.kv_cache("gpt2", length=13, batch=2, **changes)
    assert counted.total == cache.nbytes()
    half = ledger.kv_cache("gpt2", length=13, batch=2, dtype="bfloat16", **changes)
    assert 2 * half.total == counted.total


# What it says.


def test_a_mistyped_name_lists_the_near_ones():
    with pytest.raises(ValueError, match="no model 'bert-bas'; near it are.*bert-base"):
        ledger.parameters("bert-bas")
    with pytest.raises(ValueError, match="near it are.*gpt2-xl"):
        ledger.table("GPT2_XL")
    with pytest.raises(ValueError, match="known: transformer-base, .*bloom-176b"):
        ledger.parameters("zzz")


@pytest.mark.parametrize(
    "name, changes, error, message",
    [
        ("gpt2", {"pooler": False}, TypeError, "no dimension 'pooler'; known: vocab"),
        (
            "gpt2",
            {"hidden": 3},
            TypeError,
            "known: .*width, layers, heads, inner_width",
        ),
        ("gpt2", {"heads": 5}, ValueError, "5 heads don't divide a width of 768"),
        ("gpt2", {"layers": 2.0}, TypeError, "layers is a whole number, was 2.0"),
        ("gpt2", {"layers": True}, TypeError, "layers is a whole number, was True"),
        ("gpt2", {"width": 0}, ValueError, "width is at least 1, was 0"),
        ("gpt2", {"tied": 1}, TypeError, "tied is True or False, was 1"),
        ("llama-3-8b", {"key_value_heads": 5}, ValueError, "5 heads of keys and"),
    ],
)
def test_bad_dimensions_say_what_is_wrong(name, changes, error, message):
    with pytest.raises(error, match=message):
        ledger.parameters(name, **changes)


@pytest.mark.parametrize(
    "ask, error, message",
    [
        (lambda: ledger.operations("gpt2"), TypeError, "gpt2 needs a length"),
        (
            lambda: ledger.operations("gpt2", length=1025),
            ValueError,
            "1025 goes beyond the 1024 positions of gpt2",
        ),
        (
            lambda: ledger.operations("roberta-base", length=513),
            ValueError,
            "513 goes beyond the 512 positions",
        ),
        (
            lambda: ledger.operations("vit-b-16", length=3),
            TypeError,
            "follows from image and patch",
        ),
        (
            lambda: ledger.operations("gpt2", length=3, target_length=2),
            TypeError,
            "no target_length",
        ),
        (
            lambda: ledger.operations("gpt2", length=3, batch=0),
            ValueError,
            "batch is at least 1",
        ),
        (
            lambda: ledger.kv_cache("bert-base", length=3),
            ValueError,
            "bert-base doesn't generate",
        ),
        (
            lambda: ledger.kv_cache("gpt2", length=3, dtype="int3"),
            ValueError,
            "dtype is one of .*'float32'.*was 'int3'",
        ),
        (
            lambda: ledger.activations("gpt2", length=3, attention="flash"),
            ValueError,
            "'fused', 'written out'.*was 'flash'",
        ),
        (
            lambda: ledger.activations("llama-2-7b", length=3),
            ValueError,
            "activations of llama-2-7b aren't counted: this package has no model",
        ),
    ],
)
def test_bad_questions_say_what_is_wrong(ask, error, message):
    with pytest.raises(error, match=message):
        ask()


def test_a_table_reads_like_one():
    table = ledger.table("bert-base", layers=6)
    assert table["attention"].value == 6 * (4 * 768**2 + 4 * 768)
    assert sum(row.value for row in table) == table.total == int(table)
    lines = repr(table).splitlines()
    assert lines[0] == "bert-base"
    assert lines[1].split() == ["part", "formula", "parameters"]
    assert any(line.split() == ["pooler", "d²", "+", "d", "590,592"] for line in lines)
    assert "L = 6 layers" in lines
    assert not any(line.startswith("h = ") for line in lines), "h is in no formula"
    with pytest.raises(KeyError, match="no part 'poler' in bert-base; there are token"):
        table["poler"]


def test_formulas_that_have_cases():
    table = ledger.activations("deberta-base", length=8)
    formula = "4·L·(7·b·d·t + 2·(2·d·t if min(b, h) = 1 else b·d·t·(⌈t/128⌉ + 1)))"
    assert formula in repr(table)
    assert "2·b·c·d·p²·⌊i/p⌋²" in repr(ledger.operations("vit-b-16"))


def test_a_table_in_a_notebook():
    html = ledger.table("xlnet-base")._repr_html_()
    assert html.count("<tr>") == len(ledger.table("xlnet-base")) + 2
    assert "116,750,336" in html
    assert "AdamW&#x27;s two moments" in ledger.memory("gpt2")._repr_html_()


def test_every_letter_is_explained():
    for name in ledger.models():
        table = ledger.table(name)
        explained = {letter.symbol for letter in table.letters}
        assert {str(s) for s in table.formula.free_symbols} == explained
        values = {letter.symbol: letter.value for letter in table.letters}
        assert table.formula.subs(values) == table.total


def test_it_needs_no_transformers():
    code = "import sys, utils.ledger; print('transformers' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"
