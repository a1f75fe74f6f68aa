"""Beam search equals transformers', and complete search where it keeps everything."""

import itertools

import pytest
import torch
from generation import writers

from utils.generation import beam_search, decoding, greedy, length_penalty, steps

NEW = 20


def frequent_end(ours, name, inputs) -> int:
    """A token that beams come upon now and then."""
    options = {"max_new_tokens": NEW, "end": None, "beams": 3}
    written = beam_search(ours, **inputs, **options).sequences[:, :, -NEW + 4 :]
    return int(written.flatten().mode().values)


def compare(name, *, monkeypatch_after=None, **options) -> bool:
    """Over penalties and rules for stopping: the same sequences and scores?"""
    theirs, ours = writers.pair(name)
    inputs = writers.prompts(name, padded=name != "gpt1")
    end = frequent_end(ours, name, inputs)
    if monkeypatch_after is not None:
        monkeypatch_after()
    short, same = 0, True
    for alpha, stop in itertools.product((0.0, 0.7, 2.0), (False, True, "never")):
        expected = theirs.generate(
            **inputs,
            max_new_tokens=NEW,
            num_beams=3,
            num_return_sequences=3,
            do_sample=False,
            eos_token_id=end,
            pad_token_id=writers.PADDING,
            length_penalty=alpha,
            early_stopping=stop,
            return_dict_in_generate=True,
            output_scores=True,
        )
        got = beam_search(
            ours,
            **inputs,
            max_new_tokens=NEW,
            beams=3,
            end=end,
            padding=writers.PADDING,
            alpha=alpha,
            early_stopping=stop,
            **options,
        )
        sequences = got.sequences.flatten(0, 1)
        same &= torch.equal(sequences, expected.sequences)
        # Generation takes logits to float32, where its scores are sums of.
        difference = (got.scores.flatten() - expected.sequences_scores).abs().max()
        same &= bool(difference < 1e-4)
        short += int((got.sequences[..., -NEW:] == writers.PADDING).any())
    assert short, "nothing ended early: the test sees half of what it should"
    return same


@pytest.mark.parametrize("name", writers.THEIRS)
def test_equals_generate(name):
    assert compare(name)


def test_uncached_equals_generate():
    assert compare("gpt2", cached=False)
    assert compare("bart", cached=False)


@pytest.mark.parametrize("name", writers.NAMES)
def test_one_beam_is_greedy(name):
    model, inputs = writers.ours(name), writers.prompts(name)
    options = writers.start(name) | {"max_new_tokens": NEW, "end": None}
    beams = beam_search(model, **inputs, **options, beams=1)
    assert torch.equal(beams.sequences[:, 0], greedy(model, **inputs, **options))


@pytest.mark.parametrize("name", writers.NAMES)
def test_scores_are_those_of_the_sequences(name):
    """Read again without a cache, a sequence has the likelihood that it was given."""
    model, inputs = writers.ours(name), writers.prompts(name)
    options = writers.start(name) | {"max_new_tokens": NEW, "end": None, "beams": 3}
    found = beam_search(model, **inputs, **options, alpha=0.0)
    prompt = found.sequences.shape[-1] - NEW
    for beam in range(3):
        text = found.sequences[:, beam]
        if name in writers.DECODERS:
            stepper = steps.DecoderSteps(
                model, inputs["attention_mask"], text.shape[1], cached=False
            )
        else:
            stepper = steps.EncoderDecoderSteps(
                model, *inputs.values(), text.shape[1], cached=False
            )
        total = torch.zeros(3)
        with torch.no_grad():
            read = text[:, :prompt]
            for place in range(prompt, text.shape[1]):
                each = stepper.step(read).log_softmax(-1)
                read = text[:, place : place + 1]
                total += each.gather(1, read)[:, 0]
        assert (total - found.scores[:, beam]).abs().max() < 1e-4


def unordered(monkeypatch):
    reorder = steps.DecoderSteps.reorder

    def widen_only(self, rows):
        if len(rows) != len(self.cache.self_attention[0].read()[0]):
            reorder(self, rows)

    monkeypatch.setattr(steps.DecoderSteps, "reorder", widen_only)


def penalty_one_longer(monkeypatch):
    monkeypatch.setattr(
        decoding, "length_penalty", lambda n, *rest: length_penalty(n + 1, *rest)
    )


WRONG = {
    "the cache of other beams": (unordered, {}),
    "length counted with the start": (penalty_one_longer, {}),
    "GNMT's penalty for transformers'": (lambda _: None, {"penalty": "gnmt"}),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_searches_are_caught(mistake, monkeypatch):
    perturb, options = WRONG[mistake]
    assert not compare(
        "gpt2", monkeypatch_after=lambda: perturb(monkeypatch), **options
    )


TABLE = writers.Table(
    [
        # The likeliest first step leads where nothing is likely.
        [0.0, 0.55, 0.45, 0.0],
        [0.3, 0.3, 0.2, 0.2],
        [0.02, 0.03, 0.05, 0.9],
        [0.25, 0.25, 0.25, 0.25],
    ]
)
END = 3


@pytest.mark.parametrize("kind", ["power", "gnmt"])
@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 3.0])
def test_a_wide_beam_searches_completely(kind, alpha):
    longest = 4
    beams = 4**longest
    found = beam_search(
        TABLE,
        torch.tensor([[0], [1]]),
        max_new_tokens=longest,
        beams=beams,
        end=END,
        padding=END,
        alpha=alpha,
        penalty=kind,
        early_stopping="never",
    )
    for row, first in enumerate((0, 1)):
        best = TABLE.best(first, END, longest, lambda n: length_penalty(n, alpha, kind))
        expected = torch.tensor([score for score, _ in best])
        possible = int(expected.isfinite().sum())
        got = found.scores[row]
        assert (got[:possible] - expected[:possible]).abs().max() < 1e-5
        assert got[possible:].isinf().all()
        new = found.sequences[row, 0, 1 : 1 + len(best[0][1])].tolist()
        assert tuple(new) == best[0][1]


def test_two_beams_find_what_greedy_misses():
    prompt = torch.tensor([[0]])
    options = {"max_new_tokens": 2, "end": END, "padding": END}
    assert greedy(TABLE, prompt, **options).tolist() == [[0, 1, 0]]
    found = beam_search(TABLE, prompt, beams=2, alpha=0.0, **options)
    assert found.sequences[0, 0].tolist() == [0, 2, 3]
    assert found.scores[0, 0].exp().item() == pytest.approx(0.45 * 0.9)


def test_length_penalties():
    assert length_penalty(7, 0.6) == pytest.approx(7**0.6)
    assert length_penalty(7, 0.6, "gnmt") == pytest.approx(12**0.6 / 6**0.6)
    assert length_penalty(1, 0.6, "gnmt") == length_penalty(1, 0.6) == 1.0
    assert length_penalty(9, 0.0) == length_penalty(9, 0.0, "gnmt") == 1.0


def test_bad_input_says_what_is_wrong():
    prompt = torch.tensor([[0]])
    with pytest.raises(ValueError, match="beams must be at least 1, was 0"):
        beam_search(TABLE, prompt, max_new_tokens=2, beams=0)
    with pytest.raises(ValueError, match="'power' or 'gnmt', was 'google'"):
        beam_search(TABLE, prompt, max_new_tokens=2, penalty="google")
