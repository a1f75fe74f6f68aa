import pytest
import torch

from utils.data import memory


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_latch_keeps_the_letter_after_the_sign():
    x, y = memory.latch(50, 40, generator())
    assert x.shape == (50, 40, 5) and y.shape == (50, 40)
    for stream, answers in zip(x.argmax(-1).tolist(), y.tolist(), strict=True):
        kept = memory.NO_ANSWER
        for t, symbol in enumerate(stream):
            if t and stream[t - 1] == 4 and symbol != 4:
                kept = symbol
            assert answers[t] == kept


def test_recall_asks_for_the_first_symbol_only_at_the_end():
    x, y = memory.recall(50, 7, generator())
    assert x.shape == (50, 7, 12)
    stream = x.argmax(-1)
    assert torch.equal(y[:, -1], stream[:, 0]) and y[:, -1].max() < 8
    assert (y[:, :-1] == memory.NO_ANSWER).all() and (stream[:, 1:] >= 8).all()


@pytest.mark.parametrize("task", [memory.latch, memory.recall])
def test_seeds_decide_and_sizes_are_checked(task):
    first, again, other = (task(4, 9, generator(s))[0] for s in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert task(2, 1)[0].shape[1] == 1
    with pytest.raises(ValueError, match="time must be at least 1, was 0"):
        task(4, 0)
