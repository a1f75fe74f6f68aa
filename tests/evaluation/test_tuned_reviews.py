"""The recorded tunings are of the corpus as it is, and their program runs."""

import sys
from pathlib import Path

import pytest
import torch

from utils.data.corpora import reviews
from utils.evaluation import tuned_reviews

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import tuned_reviews as program


@pytest.fixture(scope="module")
def recorded():
    return tuned_reviews.load()


def test_each_run_is_whole(recorded):
    sizes = {name: len(rows) for name, rows in reviews.load().splits.items()}
    steps = -(-sizes["train"] // program.BATCH) * program.EPOCHS
    assert len({(run.rate, run.seed) for run in recorded}) == len(recorded)
    for run in recorded:
        assert len(run.losses) == steps
        assert len(run.validation_accuracy) == program.EPOCHS
        assert torch.tensor(run.validation).shape == (sizes["validation"], 2)
        assert run.test.keys() == program.VIEWS.keys()
        for logits in run.test.values():
            assert torch.tensor(logits).shape == (sizes["test"], 2)


def test_they_belong_to_the_reviews_in_their_order(recorded):
    labels = torch.tensor([review.label for review in reviews.load()["test"]])
    for run in recorded:
        if run.rate == 2e-4:
            told = torch.tensor(run.test["pair"]).argmax(-1)
            assert (told == labels).double().mean() > 0.8
            assert (told == labels.roll(1)).double().mean() < 0.6


def test_the_program_writes_what_is_read(tmp_path, monkeypatch):
    path = tmp_path / "runs.jsonl.xz"
    for name in ("2e-4:1", "1e-4:0", "2e-4:1"):
        monkeypatch.setattr(
            sys, "argv", ["tuned", name, "--rows", "4", "--out", str(path)]
        )
        threads = torch.get_num_threads()
        program.main()
        torch.set_num_threads(threads)
    runs = tuned_reviews.load(path)
    assert [(run.rate, run.seed) for run in runs] == [(1e-4, 0), (2e-4, 1)]
    assert [len(run.losses) for run in runs] == [3, 3]
    assert torch.tensor(runs[0].test["joined"]).shape == (4, 2)
    assert runs[0].losses != runs[1].losses
