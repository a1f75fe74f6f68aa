"""Every recipe runs, and a killed one ends as if it hadn't been."""

import json
import os
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import quality  # noqa: E402
from recipes import (  # noqa: E402
    chunks,
    fine_tuning,
    images,
    language_model,
    sst2,
    training,
    translation,
    wnut17,
)

from utils.data.dataset import Dataset  # noqa: E402
from utils.data.examples import LabelledText, TaggedSentence  # noqa: E402
from utils.data.images import LabelledImages  # noqa: E402
from utils.data.wnut17 import LABELS  # noqa: E402
from utils.models.gpt2 import GPT2Config, GPT2LMHeadModel  # noqa: E402
from utils.training.averaging import Averaged  # noqa: E402

LOCAL = {"shakespeare", "multi30k", "minilm-mlm", "squad"}
LOCAL |= {"sst2", "cola", "wnut17", "ag-news", "lambada", "crows-pairs"}
UNTRAINED = {"lambada", "crows-pairs"}
CONTEXT = {"date", "commit", "versions", "device", "settings", "seed"}
TIMES = {"seconds", "took_seconds", "date", "load", "commit"}


@pytest.fixture(params=quality.RECIPES)
def recipe(request):
    if request.param in LOCAL and not os.environ.get("COURSE_DATA"):
        pytest.skip(f"COURSE_DATA is not set: no data for {request.param}")
    return request.param


class Killed(BaseException):
    """What no code of a recipe catches."""


@pytest.fixture
def start(recipe, tmp_path, monkeypatch):
    """Run the recipe as the command does; it may die at its nth optimizer step."""
    if recipe == "cifar10":  # whose 60,000 images take half a minute to decode
        pixels = torch.randint(256, (60, 3, 32, 32)).byte()
        part = LabelledImages(pixels, torch.arange(60) % 10)
        splits = {"train": part, "test": part}
        noise = Dataset("noise", splits, "made", "none", pixels.numel())
        monkeypatch.setattr("utils.data.cifar10.load", lambda: noise)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    threads, step = torch.get_num_threads(), torch.optim.AdamW.step
    keep = chunks.keep

    def run(name, *options, kill_at=None):
        taken = []

        def deadly(self, *arguments):
            taken.append(1)
            if len(taken) == kill_at:
                raise Killed
            return step(self, *arguments)

        def deadly_keep(*arguments):
            taken.append(1)
            if len(taken) == kill_at:
                raise Killed
            return keep(*arguments)

        monkeypatch.setattr(torch.optim.AdamW, "step", deadly)
        if recipe in UNTRAINED:
            monkeypatch.setattr(chunks, "keep", deadly_keep)
        command = ["--tiny", "--threads", "1", "--device", "cpu", *map(str, options)]
        command += ["--out", str(tmp_path / name)]
        assert quality.main([recipe, *command]) == 0
        return json.loads((tmp_path / name).read_text())

    yield run
    torch.set_num_threads(threads)


def without_times(found):
    if isinstance(found, dict):
        return {k: without_times(v) for k, v in found.items() if k not in TIMES}
    if isinstance(found, list):
        return [without_times(part) for part in found]
    return found


def test_a_recipe_runs_and_resumes_after_a_kill(recipe, start, tmp_path):
    record = start("whole.json", "--weights", tmp_path / "weights")
    assert record["name"] == recipe and record["what"]
    (run,) = record["runs"]
    assert run["finished"] and run["value"] >= 0 and run["data"]["licence"]
    assert run.keys() >= CONTEXT
    parts = run.get("parts", {"": run}).values()
    trained = [part for part in parts if "curve" in part]  # others are fitted at once
    assert bool(trained) == (recipe not in UNTRAINED)
    for part in trained:
        assert part["steps"] == part["planned_steps"] == part["curve"][-1]["step"]
        assert part["parameters"] > 0

    with pytest.raises(Killed):
        start("resumed.json", kill_at=part["steps"] // 2 + 2 if trained else 2)
    assert (tmp_path / "resumed.work" / recipe).exists()
    again = start("resumed.json")
    assert without_times(again) == without_times(record)
    assert not (tmp_path / "resumed.work" / recipe).exists()


def test_sentences_that_are_kept_out_leave_no_phrase_behind():
    texts = ["a b .", "a b", "c a b .", "d e .", "d", "f g .", "f g", "b", "d e ."]
    rows = [LabelledText(text, i % 2) for i, text in enumerate(texts)]
    left, held_out = sst2.without_sentences(rows, every=2)
    assert [row.text for row in held_out] == ["a b .", "d e ."]
    # "c a b ." has one of them in it, "b" and "d" are theirs
    assert [row.text for row in left] == ["f g .", "f g"]


def test_what_there_is_not(tmp_path, capsys):
    assert "shakespeare" in quality.main(["shakespear"])
    message = quality.main(["digits", "--preset", "huge", "--device", "cpu"])
    assert "no preset 'huge'" in message and "tiny" in message
    assert quality.main(["--list"]) == 0
    assert all(name in capsys.readouterr().out for name in ["digits"])


def test_results_of_several_processes_become_one_file(tmp_path):
    for seed, value in ((0, 1.0), (1, 2.0), (0, 3.0)):
        run = {"preset": "cpu", "device": "CPU", "seed": seed, "value": value}
        quality.write(tmp_path / f"{value}.json", "digits", "what", [run])
    files = sorted(map(str, tmp_path.iterdir()))
    out = tmp_path / "all.json"
    assert quality.main(["digits", "--out", str(out), "--collect", *files]) == 0
    runs = json.loads(out.read_text())["runs"]
    assert {(run["seed"], run["value"]) for run in runs} == {(0, 3.0), (1, 2.0)}
    with pytest.raises(SystemExit, match=r"1\.0\.json is of digits"):
        quality.main(["multi30k", "--out", str(out), "--collect", *files])


# Time


def test_the_schedule_ends_with_the_time(monkeypatch):
    now = 0.0
    monkeypatch.setattr(training.time, "monotonic", lambda: now)
    budget = training.Budget(steps=100, minutes=1)
    assert training.rate(0, budget=budget, warmup=10) == 0.1
    assert budget.leg(0, None, every=50) == training.FIRST
    now = 30.0
    assert budget.position(20) == 50 and budget.position(60) == 60
    assert budget.leg(20, 1.0, every=50) == 30
    assert budget.leg(20, 0.5, every=50) == 15
    now = 60.0
    assert budget.leg(20, 1.0, every=50) == 0
    now = 75.0
    assert budget.leg(20, 1.0, every=50) == budget.leg(20, None, every=50) == 0
    assert training.rate(20, budget=budget, warmup=10, floor=0.1) == pytest.approx(0.1)
    timeless = training.Budget(steps=100, minutes=None)
    now = 1e6
    assert timeless.position(20) == 20 and timeless.leg(20, None, every=50) == 30


def test_a_training_ends_when_its_time_is_over(monkeypatch, tmp_path):
    now = 0.0
    monkeypatch.setattr(training.time, "monotonic", lambda: now)
    torch.manual_seed(0)
    preset = {"steps": 1000, "every": 50, "warmup": 10}
    run = training.Run("x", 0, torch.device("cpu"), preset, tmp_path, minutes=1)
    averaged = Averaged(nn.Linear(2, 1))
    optimizer = torch.optim.AdamW(averaged.model.parameters())

    def loss(model, x):
        nonlocal now
        now += 0.7  # seconds a step
        return model(x).square().sum(), len(x)

    def evaluate(averaged):
        nonlocal now
        now += 5.0
        return {"loss": averaged(torch.ones(1, 2)).square().item()}

    batches = [torch.ones(4, 2)]
    found = training.fit(run, averaged, batches, loss, optimizer, evaluate, best="loss")
    assert 60 <= now < 75
    assert 50 <= found["steps"] < 86 and found["planned_steps"] == 1000
    assert found["final"]["step"] == found["steps"]
    assert optimizer.param_groups[0]["lr"] < 0.1 * 1e-3


# The average of the weights


def test_a_model_and_its_average():
    torch.manual_seed(0)
    averaged = Averaged(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)), decay=0.5)
    weights = averaged.model[0].weight
    expected, x = weights.detach().clone(), torch.randn(8, 3)
    for step in range(20):
        with torch.no_grad():
            weights.add_(1.0)
        averaged(x)
        averaged.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weights.detach()
    assert torch.allclose(averaged.average[0].weight, expected, rtol=1e-5)
    assert not torch.allclose(weights, expected, rtol=1e-3)
    assert torch.equal(averaged.average[1].running_mean, averaged.model[1].running_mean)
    averaged.eval()
    assert torch.equal(averaged(x), averaged.average(x))
    averaged.train()
    assert not torch.allclose(averaged(x), averaged.average.eval()(x))
    with pytest.raises(ValueError, match="decay must be in"):
        Averaged(nn.Linear(1, 1), decay=1.0)


# Measures


@pytest.fixture
def gpt():
    torch.manual_seed(0)
    sizes = {"vocabulary": 7, "width": 8, "layers": 1, "heads": 2, "inner_width": 8}
    return GPT2LMHeadModel(GPT2Config(**sizes, positions=6)).eval()


@pytest.mark.parametrize("length", [5, 7, 23, 25])
@pytest.mark.parametrize("stride", [1, 2, 6])
def test_every_token_of_a_text_is_scored_once(gpt, length, stride):
    context = 6
    ids = torch.randint(7, (length,), generator=torch.Generator().manual_seed(1))
    losses = []
    for place in range(1, length):  # the token to be told
        if place <= context:
            first = 0
        else:
            stretch = (place - context - 1) // stride
            first = context + (stretch + 1) * stride - context
        logits = gpt(ids[None, first:place]).logits[0, -1]
        losses.append(nn.functional.cross_entropy(logits, ids[place]).item())
    with torch.no_grad():
        found = language_model.text_loss(gpt, ids, context, stride)
    assert found == pytest.approx(sum(losses) / len(losses), rel=1e-5)
    with pytest.raises(ValueError, match="stride must be"):
        language_model.text_loss(gpt, ids, context, 7)


def test_cudnn_layers_are_ours():
    torch.manual_seed(0)
    preset = {"embedding_width": 6, "gru_width": 8, "dropout": 0.0}
    pairs = [
        translation.Translation("a b c d e", "c d"),
        translation.Translation("a", "e f"),
    ]
    tokenizer = translation.train_tokenizer(pairs, 262)
    batch = translation.Encoded(pairs, tokenizer, torch.device("cpu")).batch([0, 1])
    ours = translation.build("gru", preset, tokenizer)
    expected, _ = translation.logits_and_labels(ours, batch, tokenizer.bos_token_id)
    theirs = translation.with_cudnn(ours)
    assert isinstance(theirs.encoder.gru, nn.GRU)
    found, _ = translation.logits_and_labels(theirs, batch, tokenizer.bos_token_id)
    assert (batch.mask == 0).any()
    assert torch.allclose(found, expected, atol=1e-5)


def test_batches_hold_each_pair_once_and_few_tokens():
    lines = [("x " * (1 + i % 7), "y " * (1 + i % 5)) for i in range(60)]
    pairs = [translation.Translation(*line) for line in lines]
    tokenizer = translation.train_tokenizer(pairs, 262)
    encoded = translation.Encoded(pairs, tokenizer, torch.device("cpu"))
    batches = translation.ByLength(encoded, tokens=40, seed=0)
    first, second = list(batches), list(batches)
    for epoch in (first, second):
        assert sum(len(batch.target) for batch in epoch) == 60
        assert max(batch.target.numel() for batch in epoch) <= 40
        ends = sum((batch.target == tokenizer.eos_token_id).sum() for batch in epoch)
        assert ends == 60
    assert any(
        a.source.shape != b.source.shape or not torch.equal(a.source, b.source)
        for a, b in zip(first, second, strict=True)
    )


def test_batches_of_texts_hold_each_once_and_few_tokens():
    rows = [fine_tuning.Row([1 + i] * (1 + i % 7), i) for i in range(60)]
    batches = fine_tuning.ByLength(rows, tokens=20, seed=0)
    for _ in range(2):
        epoch = list(batches)
        assert len(epoch) == len(batches)
        assert sorted(torch.cat([batch.labels for batch in epoch]).tolist()) == [
            *range(60)
        ]
        assert max(batch.input_ids.numel() for batch in epoch) <= 20
        for batch in epoch:
            lengths = 1 + batch.labels % 7
            assert torch.equal(batch.attention_mask.sum(1), lengths)
            expected = (1 + batch.labels)[:, None] * batch.attention_mask
            assert torch.equal(batch.input_ids, expected)


def test_tags_stand_at_the_first_token_of_their_word():
    words = ("Unbelievably", "rainy", "Aberystwyth", "Llanfairpwll", "!")
    tags = ("O", "O", "B-location", "I-location", "O")
    sentences = [TaggedSentence(words, tags), TaggedSentence(("Hi",), ("O",))]
    whole = wnut17.Tagged(sentences, 64)
    assert len(whole.rows[0].ids) > len(words) + 2  # words of several tokens
    told = whole.tags(whole.labels.tolist())
    assert told == [[*tags], ["O"]] and whole.score(told)["f1"] == 1.0
    values = [torch.arange(70.0)[:, None], torch.arange(70.0, 140.0)[:, None]]
    places = whole.at_words(values).flatten().tolist()
    assert len(places) == 6 and places[0] == 1 and places[-1] == 71
    cut = wnut17.Tagged(sentences, 3)  # [CLS], one token, [SEP]
    location = LABELS.index("B-location")
    assert cut.tags([location, 0]) == [["B-location", *"OOOO"], ["O"]]


@pytest.mark.parametrize("mirror", [False, True])
def test_images_are_shifted_and_mirrored(mirror):
    row = torch.arange(1.0, 6.0)
    image = (10 * row[:, None] + row)[None, None]  # all different
    batches = images.Augmented(
        image.repeat(200, 1, 1, 1), torch.arange(200), 200, 1, mirror, seed=0
    )
    ((found, labels),) = batches
    assert sorted(labels.tolist()) == list(range(200))
    padded = nn.functional.pad(image, (1,) * 4)[0, 0]
    shifted = [padded[i : i + 5, j : j + 5] for i in range(3) for j in range(3)]
    expected = shifted + [part.flip(1) for part in shifted] * mirror
    seen = {
        next(i for i, part in enumerate(expected) if torch.equal(part, image[0]))
        for image in found
    }
    assert len(seen) == len(expected)


def test_both_kinds_have_as_many_parameters():
    from recipes import cifar10, digits

    cases = [(digits.CPU, (1, 8, 8)), (cifar10.GPU, (3, 32, 32))]
    cases.append((cifar10.PRESETS["cpu"], (3, 32, 32)))
    for preset, shape in cases:
        vit, cnn = (
            training.parameters(images.build(kind, preset, shape))
            for kind in images.KINDS
        )
        assert vit == pytest.approx(cnn, rel=0.03)


def test_a_model_reads_pixels_as_they_are():
    from recipes import digits

    torch.manual_seed(0)
    model = images.build("vit", digits.PRESETS["tiny"], (1, 8, 8)).eval()
    pixels = torch.rand(3, 1, 8, 8)
    expected = model((pixels - 0.3) / 0.4).logits
    digits.reads_pixels(model, 0.3, 0.4)
    assert torch.allclose(model(pixels).logits, expected, atol=1e-5)
    assert not torch.allclose(model(pixels / 0.4).logits, expected, atol=1e-3)
