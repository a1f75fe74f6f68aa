"""Soft targets and inner states: PyTorch's own losses, the T² rule, and no teaching
of the teacher."""

import pytest
import torch
from objectives.mutant import assert_caught
from torch import nn
from torch.nn import functional as F

from utils.objectives import distillation
from utils.objectives.language_modeling import IGNORED

BATCH, TIME, VOCABULARY, WIDTH, WIDE, HEADS = 2, 5, 11, 6, 9, 3
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
REAL = MASK.bool()


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.manual_seed(seed)).double()


def pair(*shape):
    return draw(*shape, seed=1).requires_grad_(), draw(*shape, seed=2).requires_grad_()


def check_soft_targets(m):
    """T² times PyTorch's divergence, `batchmean` over the tokens that count."""
    student, teacher = pair(BATCH, TIME, VOCABULARY)
    divergence = nn.KLDivLoss(reduction="batchmean")
    for temperature in (1.0, 2.0, 5.0):
        expected = temperature**2 * divergence(
            (student[REAL] / temperature).log_softmax(-1),
            (teacher[REAL] / temperature).softmax(-1),
        )
        got = m.soft_target_loss(student, teacher, temperature=temperature, mask=MASK)
        assert torch.allclose(got, expected, rtol=1e-12)
        rows = m.soft_target_loss(student[REAL], teacher[REAL], temperature=temperature)
        assert torch.allclose(rows, expected, rtol=1e-12)
    assert m.soft_target_loss(teacher, teacher).abs() < 1e-14


def check_temperature(m):
    """On small logits the gradient's size stays as T grows (Hinton et al., §2)."""
    sizes = []
    for temperature in (2.0, 8.0, 50.0):
        student, teacher = (0.1 * x.detach() for x in pair(20, VOCABULARY))
        student.requires_grad_()
        m.soft_target_loss(student, teacher, temperature=temperature).backward()
        sizes.append(student.grad.norm())
    assert max(sizes) / min(sizes) < 1.1
    # At a high T it is the matching of logits: their difference, centred, over N.
    difference = (student - teacher).detach() / VOCABULARY
    centred = (difference - difference.mean(-1, keepdim=True)) / 20
    assert (student.grad - centred).abs().max() < 0.02 * centred.abs().max()


def check_teacher(m):
    """Nothing flows into a teacher."""
    student, teacher = pair(BATCH, TIME, WIDTH)
    maps, goal = pair(BATCH, HEADS, TIME, TIME)
    (
        m.soft_target_loss(student, teacher)
        + m.hidden_cosine_loss(student, teacher)
        + m.attention_map_loss(maps, goal)
        + m.TinyBertLoss(WIDTH, WIDTH).double()(
            [student] * 2, [teacher] * 2, [maps], [goal]
        )
    ).backward()
    assert student.grad.abs().max() > 0 and maps.grad.abs().max() > 0
    assert teacher.grad is None and goal.grad is None


def check_distilbert(m):
    """5 · soft targets at T = 2, 2 · masked tokens, 1 · cosine, as its code does."""
    student, teacher = pair(BATCH, TIME, VOCABULARY)
    one, other = pair(BATCH, TIME, WIDTH)
    labels = torch.full((BATCH, TIME), IGNORED)
    labels[0, 1], labels[1, 2] = 4, 7
    soft = 4 * nn.KLDivLoss(reduction="batchmean")(
        (student[REAL] / 2).log_softmax(-1), (teacher[REAL] / 2).softmax(-1)
    )
    hard = F.cross_entropy(student.flatten(0, 1), labels.flatten())
    ones = torch.ones(int(MASK.sum()))
    cosine = nn.CosineEmbeddingLoss()(one[REAL], other[REAL], ones)
    got = m.distilbert_loss(student, teacher, one, other, labels, MASK)
    assert torch.allclose(got, 5 * soft + 2 * hard + cosine, rtol=1e-10)
    only = m.distilbert_loss(
        student, teacher, one, other, labels, MASK, weights=(0.0, 0.0, 1.0)
    )
    assert torch.allclose(only, cosine, rtol=1e-10)


def check_layers(m):
    """TinyBERT's g(m) = 3m: four layers learn from layers 3, 6, 9 and 12."""
    assert m.layer_map(4, 12) == [0, 3, 6, 9, 12]
    assert m.layer_map(6, 6) == [0, 1, 2, 3, 4, 5, 6]


def check_tinybert(m):
    """Equations 7 to 9 summed over the student's layers, padding left out."""
    torch.manual_seed(0)
    loss = m.TinyBertLoss(WIDTH, WIDE).double()
    ours = [draw(BATCH, TIME, WIDTH, seed=i) for i in range(3)]
    theirs = [draw(BATCH, TIME, WIDE, seed=10 + i) for i in range(5)]
    maps = [draw(BATCH, HEADS, TIME, TIME, seed=20 + i) for i in range(2)]
    goals = [draw(BATCH, HEADS, TIME, TIME, seed=30 + i) for i in range(4)]
    pairs = (REAL[:, :, None] & REAL[:, None, :])[:, None].expand(-1, HEADS, -1, -1)
    expected = F.mse_loss(
        (ours[0] @ loss.embedding_proj.weight.T)[REAL], theirs[0][REAL]
    )
    for mine, its in ((1, 2), (2, 4)):
        projected = ours[mine] @ loss.hidden_proj.weight.T
        expected = expected + F.mse_loss(projected[REAL], theirs[its][REAL])
        expected = expected + F.mse_loss(maps[mine - 1][pairs], goals[its - 1][pairs])
    got = loss(ours, theirs, maps, goals, MASK)
    assert torch.allclose(got, expected, rtol=1e-12)
    got.backward()
    assert all(p.grad.abs().max() > 0 for p in loss.parameters())
    assert sum(p.numel() for p in loss.parameters()) == 2 * WIDTH * WIDE


def check_padding(m):
    """What stands in padding, garbage or not, changes no loss."""
    student, teacher = (x.detach() for x in pair(BATCH, TIME, WIDTH))
    maps, goals = (x.detach() for x in pair(BATCH, HEADS, TIME, TIME))
    torch.manual_seed(0)
    tiny = m.TinyBertLoss(WIDTH, WIDTH).double()

    def losses():
        return [
            m.soft_target_loss(student, teacher, mask=MASK),
            m.hidden_cosine_loss(student, teacher, MASK),
            m.attention_map_loss(maps, goals, MASK),
            tiny([student] * 2, [teacher] * 2, [maps], [goals], MASK),
        ]

    before = losses()
    student[~REAL] = 50.0
    maps[1, :, 3:], maps[1, :, :, 3:] = 50.0, 50.0
    assert torch.allclose(torch.stack(losses()), torch.stack(before), rtol=1e-12)


CHECKS = [
    check_soft_targets,
    check_temperature,
    check_teacher,
    check_distilbert,
    check_layers,
    check_tinybert,
    check_padding,
]


@pytest.mark.parametrize("check", CHECKS)
def test_right(check):
    check(distillation)


SOFT_TEACHER = "(teacher_logits.detach() / temperature).log_softmax(-1)"


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_soft_targets, ").sum(-1)\n    return", ").mean(-1)\n    return"),
        (check_soft_targets, "(student_logits / temperature)", "(student_logits / 1)"),
        (check_soft_targets, "log_target=True", "log_target=False"),
        (
            check_soft_targets,
            "(student_logits / temperature).log_softmax(-1)",
            "(student_logits / temperature).softmax(-1)",
        ),
        (check_temperature, "temperature**2 * _mean", "_mean"),
        (check_temperature, "temperature**2 * _mean", "temperature * _mean"),
        (check_teacher, SOFT_TEACHER, SOFT_TEACHER.replace(".detach()", "")),
        (check_teacher, "teacher.detach(), dim=-1", "teacher, dim=-1"),
        (check_teacher, "(student - teacher.detach())", "(student - teacher)"),
        (check_teacher, "teacher_hidden[n].detach()", "teacher_hidden[n]"),
        (check_distilbert, "(5.0, 2.0, 1.0)", "(1.0, 1.0, 1.0)"),
        (check_distilbert, "1 - F.cosine", "F.cosine"),
        (check_distilbert, "token_loss(student_logits", "token_loss(teacher_logits"),
        (check_layers, "range(student_layers + 1)", "range(student_layers)"),
        (check_layers, "[m * step for", "[m + step for"),
        (check_tinybert, "self.hidden_proj if m else", "self.hidden_proj if True else"),
        (check_tinybert, "teacher_attentions[n - 1]", "teacher_attentions[m - 1]"),
        (check_tinybert, "            if m:\n", "            if False:\n"),
        (check_tinybert, "goal).square().mean(-1)", "goal).square().sum(-1)"),
        (check_tinybert, ".square().mean(1)  #", ".square().sum(1)  #"),
        (check_padding, "return (values * mask).sum()", "return values.sum()"),
        (check_padding, " * mask[:, None, :]", ".expand_as(difference)"),
    ],
)
def test_wrong(check, right, wrong):
    assert_caught(check, distillation, right, wrong)


def test_a_copy_has_nothing_to_learn():
    hidden, maps = draw(BATCH, TIME, WIDTH), draw(BATCH, HEADS, TIME, TIME)
    loss = distillation.TinyBertLoss(WIDTH, WIDTH).double()
    with torch.no_grad():
        for parameter in loss.parameters():
            parameter.copy_(torch.eye(WIDTH))
    assert loss([hidden] * 2, [hidden] * 2, [maps], [maps], MASK) == 0
    assert distillation.hidden_cosine_loss(hidden, 3 * hidden) < 1e-12


def test_bad_input_says_what_is_wrong():
    with pytest.raises(ValueError, match=r"logits of .*\(2, 3\) and \(2, 4\)"):
        distillation.soft_target_loss(draw(2, 3), draw(2, 4))
    with pytest.raises(ValueError, match="temperature must be above 0, was 0"):
        distillation.soft_target_loss(draw(2, 3), draw(2, 3), temperature=0)
    with pytest.raises(ValueError, match="5 layers can't learn evenly from 12"):
        distillation.layer_map(5, 12)
    with pytest.raises(ValueError, match="one more than the attention maps, were 1"):
        distillation.TinyBertLoss(3, 3)([draw(1, 2, 3)], [], [draw(1)], [draw(1)])
