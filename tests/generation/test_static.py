"""Steps in memory of one place give what the growing ones give."""

import pytest
import torch
from generation import writers

from utils.generation import greedy, sample
from utils.generation.static import StaticDecoderSteps
from utils.generation.steps import DecoderSteps
from utils.nn import kv_cache

NEW = 20


def follow(stepper, prompt):
    """Scores of a prompt and of 20 given tokens, with rows exchanged once."""
    torch.manual_seed(2)
    found = []
    with torch.inference_mode():
        found.append(stepper.step(prompt).clone())
        for place in range(NEW):
            if place == 7:
                stepper.reorder(torch.tensor([2, 0, 0]))
            ids = torch.randint(3, writers.VOCABULARY, (3, 1))
            found.append(stepper.step(ids).clone())
    return torch.stack(found)


@pytest.mark.parametrize("name", ["gpt2", "gpt1"])
def test_static_steps_equal_growing_ones_and_can_start_again(name):
    model = writers.ours(name)
    static = StaticDecoderSteps(model, rows=3, capacity=9 + NEW)
    for padded in (True, False, True):
        ids, mask = writers.prompts(name, padded=padded).values()
        expected = follow(DecoderSteps(model, mask, 9 + NEW), ids)
        got = follow(static.restart(mask), ids)
        assert (got - expected).abs().max() < 1e-11


def place_stays(monkeypatch):
    def write(self, dim, index, new):
        return original(self, dim, index * 0 + 9, new)

    original = torch.Tensor.index_copy_
    monkeypatch.setattr(torch.Tensor, "index_copy_", write)


def all_is_shown(monkeypatch):
    monkeypatch.setattr("utils.models.gpt2.padding_mask", lambda *_: None)


def memory_is_not_emptied(monkeypatch):
    empty = torch.Tensor.new_empty
    monkeypatch.setattr(
        torch.Tensor, "new_empty", lambda *a: empty(*a).fill_(float("nan"))
    )
    monkeypatch.setattr(torch.Tensor, "zero_", lambda self: self)


@pytest.mark.parametrize("mistake", [place_stays, all_is_shown, memory_is_not_emptied])
def test_wrong_static_steps_are_caught(mistake, monkeypatch):
    model = writers.ours("gpt2")
    ids = writers.prompts("gpt2", padded=False)["input_ids"]
    expected = follow(DecoderSteps(model, None, 9 + NEW), ids)
    mistake(monkeypatch)
    got = follow(StaticDecoderSteps(model, rows=3, capacity=9 + NEW), ids)
    assert not (got - expected).abs().max() < 1e-6


def test_greedy_and_sample_write_the_same_with_it():
    model = writers.ours("gpt2")
    ids = writers.prompts("gpt2", padded=False)["input_ids"]
    static = StaticDecoderSteps(model, rows=3, capacity=9 + NEW)
    options = {"max_new_tokens": NEW, "end": None}
    assert torch.equal(greedy(static, ids, **options), greedy(model, ids, **options))
    drawn = [
        sample(writer, ids, rng=torch.Generator().manual_seed(3), **options)
        for writer in (static.restart(), model)
    ]
    assert torch.equal(*drawn)


def test_a_step_compiles_whole():
    """Without a graph break, or `fullgraph` would raise."""
    model = writers.ours("gpt2").float()
    ids = writers.prompts("gpt2", padded=True)
    found = []
    for compiled in (False, True):
        static = StaticDecoderSteps(model, 3, 9 + NEW, compiled=compiled)
        found.append(follow(static.restart(ids["attention_mask"]), ids["input_ids"]))
    assert (found[0] - found[1]).abs().max() < 1e-3


@pytest.mark.parametrize("mistake", ["training", "no cache", "padding"])
def test_what_can_not_be_static_is_refused(mistake):
    if mistake == "no cache":
        with pytest.raises(ValueError, match="KV cache"):
            StaticDecoderSteps(writers.ours("awd-lstm"), 3, 20)
        return
    model = writers.ours("gpt2")
    if mistake == "training":
        with pytest.raises(ValueError, match="eval mode"):
            StaticDecoderSteps(model.train(), 3, 20)
        return
    with pytest.raises(ValueError, match="left"):
        StaticDecoderSteps(model, 3, 20).restart(torch.tensor([[1, 0]] * 3))


def test_nothing_static_before_the_prompt():
    with pytest.raises(ValueError, match="nothing was appended"):
        kv_cache.KVCache(2, 5).static(torch.tensor([0]))
