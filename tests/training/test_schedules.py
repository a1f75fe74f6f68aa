"""Schedules equal transformers', as functions and attached to an optimizer."""

import itertools

import pytest
import torch
import transformers
from torch import nn

from utils.training import schedules
from utils.training.optimizers import adamw

TOTAL = 50


def attached(make, groups=(0.3, 0.01)) -> list[list[float]]:
    """The rates that an optimizer takes its steps with, a few beyond the end."""
    model = nn.Linear(2, 2)
    parameters = zip(model.parameters(), groups, strict=True)
    optimizer = torch.optim.SGD([{"params": [p], "lr": r} for p, r in parameters])
    scheduler, rates = make(optimizer), []
    for _ in range(TOTAL + 5):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return rates


THEIRS = {
    "constant": lambda o, w: transformers.get_constant_schedule_with_warmup(o, w),
    "linear": lambda o, w: transformers.get_linear_schedule_with_warmup(o, w, TOTAL),
    "cosine": lambda o, w: transformers.get_cosine_schedule_with_warmup(o, w, TOTAL),
    "inverse_square_root": lambda o, w: transformers.get_inverse_sqrt_schedule(o, w),
}


def sizes(name, warmup):
    total = {"total": TOTAL} if name in ("linear", "cosine") else {}
    return total | {"warmup": warmup}


def same(name, function, warmup) -> bool:
    expected = attached(lambda o: THEIRS[name](o, warmup))
    got = attached(lambda o: schedules.schedule(o, function, **sizes(name, warmup)))
    # Transformers' cosine goes up again after its end.
    end = TOTAL + 1 if name == "cosine" else None
    return got[:end] == [pytest.approx(rates, abs=1e-15) for rates in expected[:end]]


CASES = set(itertools.product(THEIRS, (0, 1, 7, 50)))
# Without a warm-up transformers takes a time scale of 10,000 of its own.
CASES -= {("inverse_square_root", 0)}


@pytest.mark.parametrize(("name", "warmup"), sorted(CASES))
def test_equals_transformers(name, warmup):
    assert same(name, getattr(schedules, name), warmup)


def shifted(name, by):
    function = getattr(schedules, name)
    return lambda step, **sizes: function(max(0, step + by), **sizes)


@pytest.mark.parametrize("name", THEIRS)
def test_one_step_off_is_caught(name):
    assert not same(name, shifted(name, 1), 7)
    assert not same(name, shifted(name, -1), 7)


def test_stepping_before_the_optimizer_is_caught():
    """As in a loop that calls the two in the wrong order."""

    def make(optimizer):
        scheduler = schedules.schedule(
            optimizer, schedules.linear, **sizes("linear", 7)
        )
        optimizer.step()
        scheduler.step()
        return scheduler

    assert attached(make) != attached(lambda o: THEIRS["linear"](o, 7))


def test_groups_keep_their_ratios():
    rates = attached(
        lambda o: schedules.schedule(o, schedules.slanted_triangular, total=TOTAL)
    )
    assert all(big == pytest.approx(30 * small) for big, small in rates)


@pytest.mark.parametrize("total", [10, 15, 100, 1000])
def test_slanted_triangle(total):
    rates = [
        schedules.slanted_triangular(s, total=total, cut=0.1, ratio=32)
        for s in range(total + 1)
    ]
    top = int(0.1 * total)
    assert rates[0] == rates[-1] == pytest.approx(1 / 32)
    assert rates[top] == max(rates) == 1
    up = [b - a for a, b in itertools.pairwise(rates[: top + 1])]
    down = [a - b for a, b in itertools.pairwise(rates[top:])]
    assert max(up) == pytest.approx(min(up)) and max(down) == pytest.approx(min(down))
    assert min(rates) >= 1 / 32 - 1e-12
    # Half of the rectangle between the smallest rate and the largest.
    area = sum((a + b) / 2 for a, b in itertools.pairwise(rates)) / total
    assert area == pytest.approx((1 + 1 / 32) / 2)


def papers_formula(step, total, cut=0.1, ratio=32):
    top = int(total * cut)
    way = step / top if step < top else 1 - (step - top) / (top * (1 / cut - 1))
    return (1 + way * (ratio - 1)) / ratio


def test_slanted_triangle_is_the_papers_where_the_cut_is_whole():
    for step in range(101):
        ours = schedules.slanted_triangular(step, total=100)
        assert ours == pytest.approx(papers_formula(step, 100))
    # What the docstring says of a short training.
    assert papers_formula(15, 15) < 0


def test_transformers_rate_of_the_paper():
    """Vaswani et al., eq. 3, with their width and warm-up."""
    width, warmup = 512, 4000
    peak = (width * warmup) ** -0.5
    for step in (1, 100, 3999, 4000, 4001, 100_000):
        expected = width**-0.5 * min(step**-0.5, step * warmup**-1.5)
        got = peak * schedules.inverse_square_root(step, warmup=warmup)
        assert got == pytest.approx(expected)


def test_after_the_end():
    assert schedules.linear(60, total=50) == schedules.cosine(60, total=50) == 0
    assert schedules.slanted_triangular(60, total=50) == 1 / 32


def test_state_is_saved_and_restored():
    optimizer = adamw(nn.Linear(2, 2), 1.0)
    sizes = {"total": 20, "warmup": 5}
    first = schedules.schedule(optimizer, schedules.cosine, **sizes)
    for _ in range(8):
        optimizer.step()
        first.step()
    second = schedules.schedule(optimizer, schedules.cosine, **sizes)
    second.load_state_dict(first.state_dict())
    optimizer.step()
    second.step()
    assert second.get_last_lr() == [schedules.cosine(9, **sizes)] * 2


def test_bad_sizes_say_what_is_wrong():
    with pytest.raises(ValueError, match="a warm-up of 60 in 50 steps"):
        schedules.linear(0, total=50, warmup=60)
    with pytest.raises(ValueError, match="warmup is a number of steps, was -1"):
        schedules.constant(0, warmup=-1)
