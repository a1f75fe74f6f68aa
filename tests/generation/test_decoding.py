"""Greedy and sampled decoding equal transformers' `generate`; steps with a cache equal
those without; a row gives the same alone and in a padded batch."""

import pytest
import torch
from generation import writers
from torch.nn import functional as F

from utils.generation import greedy, sample, steps
from utils.generation.lean import lean
from utils.models.bert import BertConfig, BertForMaskedLM
from utils.models.xlnet import XLNetConfig, XLNetLMHeadModel
from utils.nn.kv_cache import LayerCache

NEW = 40


def generate(theirs, inputs, **options):
    options = {
        "num_beams": 1,
        "do_sample": False,
        "pad_token_id": writers.PADDING,
    } | options
    return theirs.generate(**inputs, max_new_tokens=NEW, **options)


@pytest.mark.parametrize("name", writers.THEIRS)
@pytest.mark.parametrize("penalty", [1.0, 1.7])
def test_greedy_equals_generate(name, penalty):
    theirs, ours = writers.pair(name)
    # Transformers' GPT-1 reads padding, and every penalised prompt's padding counts.
    padded = name != "gpt1" and (penalty == 1 or name not in writers.DECODERS)
    inputs = writers.prompts(name, padded=padded)
    options = {"repetition_penalty": penalty}
    expected = generate(theirs, inputs, eos_token_id=None, **options)
    options |= {"max_new_tokens": NEW, "padding": writers.PADDING}
    got = greedy(ours, **inputs, **options, end=None)
    assert torch.equal(got, expected)

    end = late_token(got[:, -NEW:])
    expected = generate(theirs, inputs, eos_token_id=end, repetition_penalty=penalty)
    got = greedy(ours, **inputs, **options, end=end)
    assert torch.equal(got, expected)
    ends = (got[:, -NEW:] == end).any(1)
    assert ends.any()


def late_token(written: torch.Tensor) -> int:
    """One that comes up for the first time in the middle of a row."""
    for row in written.tolist():
        for place, token in enumerate(row):
            if 1 < place < 30 and token not in (*row[:place], writers.PADDING):
                return token
    raise AssertionError("the texts are too monotonous to test an end")


@pytest.mark.parametrize("name", ["gpt2", "bart"])
def test_sample_equals_generate(name):
    """The same numbers are drawn from the same distributions."""
    theirs, ours = writers.pair(name)
    inputs = writers.prompts(name)
    for options in (
        {"temperature": 5.0},
        {"temperature": 7.0, "top_k": 20},
        {"temperature": 5.0, "top_p": 0.8, "min_p": 0.02},
        {"temperature": 9.0, "top_k": 30, "top_p": 0.9},
    ):
        torch.manual_seed(5)
        expected = generate(
            theirs,
            inputs,
            do_sample=True,
            eos_token_id=7,
            **({"top_k": 0} | options),
        )
        torch.manual_seed(5)
        shared = {"max_new_tokens": NEW, "end": 7, "padding": writers.PADDING}
        assert torch.equal(sample(ours, **inputs, **shared, **options), expected)
        assert not torch.equal(sample(ours, **inputs, **shared, **options), expected)


@pytest.mark.parametrize("name", writers.NAMES)
def test_seeded_sampling_repeats(name):
    model, inputs = writers.ours(name), writers.prompts(name)

    def text(seed, **options):
        rng = torch.Generator().manual_seed(seed)
        options |= {"max_new_tokens": 20, "temperature": 5.0, "end": None}
        return sample(model, **inputs, rng=rng, **options, **writers.start(name))

    first = text(1)
    torch.rand(3)  # PyTorch's own generator is another
    assert torch.equal(text(1), first)
    assert torch.equal(text(1, cached=False), first)
    assert not torch.equal(text(2), first)


def stepper(name, model, inputs, *, cached, capacity):
    mask = inputs["attention_mask"]
    if name in writers.DECODERS:
        return steps.DecoderSteps(model, mask, capacity, cached=cached)
    ids = inputs["input_ids"]
    return steps.EncoderDecoderSteps(model, ids, mask, capacity, cached=cached)


def scores(name, *, cached, model=None, padded=True, reorder=True):
    """Of every step over a fixed text, rows changing places on the way."""
    model = model or writers.ours(name)
    inputs = writers.prompts(name, padded=padded)
    torch.manual_seed(2)
    text = torch.randint(3, writers.VOCABULARY, (3, NEW))
    first = inputs["input_ids"] if name in writers.DECODERS else text[:, :1]
    capacity = first.shape[1] + NEW
    writer = stepper(name, model, inputs, cached=cached, capacity=capacity)
    found = []
    with torch.no_grad():
        found.append(writer.step(first))
        for place, ids in enumerate(text.split(1, dim=1)):
            if reorder and place % 7 == 3:
                writer.reorder(torch.tensor([2, 0, 1] if place % 2 else [1, 1, 0]))
            found.append(writer.step(ids))
    return torch.stack(found)


@pytest.mark.parametrize("name", writers.NAMES)
@pytest.mark.parametrize("padded", [True, False])
def test_cached_equals_uncached(name, padded):
    cached, uncached = (scores(name, cached=c, padded=padded) for c in (True, False))
    assert (cached - uncached).abs().max() < 1e-11
    assert cached.shape == (NEW + 1, 3, writers.VOCABULARY)


def positions_from_the_left(monkeypatch):
    def begin(self, *args, **options):
        original(self, *args, **options)
        if self.positions is not None:
            self.positions = torch.arange(self.capacity).expand(3, -1)

    original = steps.DecoderSteps.__init__
    monkeypatch.setattr(steps.DecoderSteps, "__init__", begin)


def padding_seen(monkeypatch):
    monkeypatch.setattr("utils.models.gpt2.padding_mask", lambda mask, *_: None)


def cache_in_place(monkeypatch):
    monkeypatch.setattr(LayerCache, "reorder", lambda *_: None)


def mask_in_place(monkeypatch):
    monkeypatch.setattr(steps, "_rows", lambda value, rows, dim=0: value)


def last_key_lost(monkeypatch):
    def append(self, new):
        found = original(self, new)
        if new.shape[-2] > 1:
            return found
        last = torch.tensor([self.length - 1])
        return tuple(t.index_fill(-2, last, 0) for t in found)

    original = LayerCache.append
    monkeypatch.setattr(LayerCache, "append", append)


WRONG = {
    "padding is seen": padding_seen,
    "positions counted from the left": positions_from_the_left,
    "the cache keeps its order": cache_in_place,
    "the mask keeps its order": mask_in_place,
    "the newest key is lost": last_key_lost,
}


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_steps_are_caught(mistake, monkeypatch):
    expected = scores("gpt2", cached=False)
    WRONG[mistake](monkeypatch)
    assert (scores("gpt2", cached=True) - expected).abs().max() > 1e-6


@pytest.mark.parametrize("name", writers.NAMES)
def test_a_row_is_the_same_alone(name):
    model, inputs = writers.ours(name), writers.prompts(name)
    options = writers.start(name) | {"max_new_tokens": 25, "repetition_penalty": 1.3}
    together = greedy(model, **inputs, **options, end=None)
    for row, mask in enumerate(inputs["attention_mask"].bool()):
        alone = greedy(model, inputs["input_ids"][row, mask][None], **options, end=None)
        assert torch.equal(together[row, -25:], alone[0, -25:])


@pytest.mark.parametrize("name", writers.NAMES)
def test_the_lean_view_gives_the_same_bits(name):
    expected = scores(name, cached=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "lean", lambda model: model)
        assert torch.equal(scores(name, cached=True), expected)


def test_the_lean_view_keeps_hooks_and_patches():
    model = writers.ours("gpt2")
    block = model.backbone.decoder.blocks[1]
    calls = []
    block.attention.register_forward_hook(lambda *_: calls.append("hook"))
    forward = block.feed_forward.forward
    block.feed_forward.forward = lambda x: calls.append("patch") or forward(x)
    greedy(model, torch.tensor([[5]]), max_new_tokens=4)
    assert calls == ["hook", "patch"] * 4
    # It shares the tensors: what is learned afterwards shows.
    view = lean(block.feed_forward.fc1)
    assert view.weight is block.feed_forward.fc1.weight
    x = torch.ones(1, 30, dtype=torch.float64)
    assert torch.equal(view(x), F.linear(x, view.weight, view.bias))


def test_small_models_write_with_one_thread(monkeypatch):
    model, seen = writers.ours("gpt2"), []
    model.register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        ids = torch.tensor([[5]])
        greedy(model, ids, max_new_tokens=1)
        monkeypatch.setattr("utils.generation.lean.FEW", 10)
        greedy(model, ids, max_new_tokens=1)
        assert seen == [1, 2]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_finished_rows_stay_finished():
    table = writers.Table([[0.1, 0.9, 0.0], [0.0, 0.1, 0.9], [0.9, 0.0, 0.1]])
    prompt = torch.tensor([[0], [1]])
    got = greedy(table, prompt, max_new_tokens=6, end=2, padding=9)
    assert got.tolist() == [[0, 1, 2], [1, 2, 9]]
    got = greedy(table, prompt, max_new_tokens=6, end=2)
    assert got.tolist() == [[0, 1, 2], [1, 2, 2]]
    got = greedy(table, prompt, max_new_tokens=3, end=None)
    assert got.tolist() == [[0, 1, 2, 0], [1, 2, 0, 1]]


def test_configuration_gives_start_end_and_padding():
    model, inputs = writers.ours("t5"), writers.prompts("t5")
    got = greedy(model, **inputs, max_new_tokens=60)
    assert (got[:, 0] == 0).all()
    explicit = {"start": 0, "end": 1, "padding": 0}
    assert torch.equal(greedy(model, **inputs, max_new_tokens=60, **explicit), got)


def test_modes_and_gradients_are_left_alone():
    model = writers.ours("gpt2").train()
    model.backbone.decoder.blocks[1].eval()
    modes = [m.training for m in model.modules()]
    ids = torch.tensor([[5, 6]])
    first = greedy(model, ids, max_new_tokens=9)
    assert torch.equal(greedy(model, ids, max_new_tokens=9), first)  # no dropout
    assert [m.training for m in model.modules()] == modes
    # What was written can be learned from.
    model(first).logits.sum().backward()
    with pytest.raises(ValueError):
        greedy(model, ids, max_new_tokens=99)
    assert [m.training for m in model.modules()] == modes


def test_sampling_filters_are_applied():
    table = writers.Table([[0.25, 0.25, 0.4, 0.1]] * 4)
    prompt = torch.zeros(500, 1, dtype=torch.long)

    def drawn(**options):
        rng = torch.Generator().manual_seed(0)
        options |= {"max_new_tokens": 2, "rng": rng, "end": None}
        return set(sample(table, prompt, **options)[:, 1:].flatten().tolist())

    assert drawn() == {0, 1, 2, 3}
    assert drawn(top_k=1) == {2}
    assert drawn(top_p=0.7) == {0, 1, 2} or drawn(top_p=0.7) == {0, 2}
    assert drawn(min_p=0.5) == {0, 1, 2}
    assert drawn(temperature=0.01) == {2}


def test_bad_input_says_what_is_wrong():
    gpt, transformer = writers.ours("gpt2"), writers.ours("transformer")
    ids = torch.full((2, 5), 7)
    with pytest.raises(ValueError, match="65 tokens .* has 64 positions"):
        greedy(gpt, ids, max_new_tokens=61)
    assert greedy(gpt, ids, max_new_tokens=60, end=None).shape == (2, 65)
    with pytest.raises(ValueError, match="97 is outside the vocabulary of 97"):
        greedy(gpt, ids + 90, max_new_tokens=2)
    mask = torch.ones_like(ids)
    mask[0, -1] = 0
    with pytest.raises(ValueError, match="pad prompts on the left"):
        greedy(gpt, ids, attention_mask=mask, max_new_tokens=2)
    with pytest.raises(
        ValueError, match=r"must be \(2, 5\) as input_ids, was \(2, 4\)"
    ):
        greedy(gpt, ids, attention_mask=mask[:, 1:], max_new_tokens=2)
    with pytest.raises(ValueError, match="names no start token: give start"):
        greedy(transformer, ids, max_new_tokens=2)
    with pytest.raises(ValueError, match=r"must be \(batch, time\) .* was \(5,\)"):
        greedy(gpt, ids[0], max_new_tokens=2)
    sizes = {"vocabulary": 97, "width": 30, "layers": 1, "heads": 5}
    for reader in (
        BertForMaskedLM(BertConfig(**sizes)),
        XLNetLMHeadModel(XLNetConfig(**sizes)),
    ):
        with pytest.raises(TypeError, match=r"\w+ doesn't write from left to right"):
            greedy(reader, ids, max_new_tokens=2)
    with pytest.raises(ValueError, match="max_new_tokens must be at least 1, was 0"):
        greedy(gpt, ids, max_new_tokens=0)
