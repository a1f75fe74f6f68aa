"""The five architectures have the same budget, and the tasks ask what they say."""

import sys
from pathlib import Path

import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from recipes import comparison, training  # noqa: E402

from utils.data.corpora import entities, reviews  # noqa: E402

CPU = comparison.CPU
NUMBERS = {"train": 60, "validation": 20, "test": 20}


@pytest.fixture(scope="module")
def tasks():
    return {
        task.name: task
        for task in (
            comparison.Task(
                "entities", "tags", "f1", comparison.entity_splits(entities.load())
            ),
            comparison.Task(
                "reviews",
                "class",
                "accuracy",
                comparison.review_splits(reviews.load(), 48),
            ),
            comparison.Task(
                "recall", "word", "accuracy", comparison.recall_splits(NUMBERS, 48)
            ),
        )
    }


@pytest.mark.parametrize("name", comparison.TASKS)
def test_all_have_as_many_parameters(tasks, name):
    with torch.device("meta"):
        counts = [
            training.parameters(comparison.Solver(kind, tasks[name], CPU))
            for kind in comparison.KINDS
        ]
    assert max(counts) < 1.05 * min(counts)


def test_only_gpt_does_not_see_what_comes_after(tasks):
    torch.manual_seed(0)
    task = tasks["entities"]  # whose answers show what each word's vector knows
    for kind in comparison.KINDS:
        model = comparison.Solver(kind, task, comparison.PRESETS["tiny"]).eval()
        ids = torch.randint(1, len(task.vocabulary), (2, 7))
        other = ids.clone()
        other[:, -1] = ids[:, -1] % (len(task.vocabulary) - 1) + 1
        mask = torch.ones_like(ids)
        before, after = (model(x, mask).logits[:, :-1] for x in (ids, other))
        assert torch.allclose(before, after, atol=1e-6) == (kind == "gpt"), kind


@pytest.mark.parametrize("name", comparison.TASKS)
@pytest.mark.parametrize("kind", comparison.KINDS)
def test_padding_changes_nothing(tasks, name, kind):
    torch.manual_seed(0)
    task = tasks[name]
    model = comparison.Solver(kind, task, comparison.PRESETS["tiny"]).eval()
    long = max(task.rows["test"], key=lambda row: len(row.ids))
    label = long.label[-5:] if isinstance(long.label, list) else long.label
    short = comparison.Row(long.ids[-5:], label)
    both = comparison.Batch.of([short, long])
    alone = comparison.Batch.of([short])
    with torch.no_grad():
        expected = model(alone.input_ids, alone.attention_mask).logits[0]
        found = model(both.input_ids, both.attention_mask).logits[0]
    assert torch.allclose(found[: len(expected)], expected, atol=1e-5)


def test_a_passage_names_the_thing_that_it_asks_for_and_another(tasks):
    splits = tasks["recall"].splits
    seen: set[tuple[str, ...]] = set()
    for split in NUMBERS:
        passages = {words for words, _ in splits[split]}
        assert passages and not passages & seen
        seen |= passages
        for words, noun in splits[split]:
            assert words[-1] == comparison.BLANK and len(words) <= 48
            assert noun in words[:-2]
    found = comparison.recall_baselines(tasks["recall"])
    assert found["majority"] < 0.4 and found["the last thing named"] < 0.75


def test_the_score_is_of_answers(tasks):
    for task in tasks.values():
        right = [
            row.label if isinstance(row.label, list) else [row.label]
            for row in task.rows["test"]
        ]
        known = [labels != [comparison.IGNORED] for labels in right]
        assert task.score("test", right) == pytest.approx(sum(known) / len(known))
        shift = {"tags": 0, "class": 1, "word": 1}[task.answers]
        wrong = [[(i + 1) % task.classes * shift for i in labels] for labels in right]
        assert task.score("test", wrong) == 0


def test_words_of_training_only_once_are_unknown(tasks):
    task = tasks["entities"]
    unknown, name = (task.vocabulary[w] for w in (comparison.UNKNOWN, comparison.NAME))
    assert task.ids(("qwertyish", "Qwertyish")) == [unknown, name]
    known = [i for row in task.rows["train"] for i in row.ids]
    assert unknown in known and name in known  # so that their vectors are learnt
