"""Packed rows: nothing lost, nothing seen of a neighbour, little room left."""

import pytest
import torch

from utils.nn.packing import Packing

WIDTH = 3


@pytest.fixture
def mask():
    lengths = torch.tensor([4, 11, 1, 7, 9, 3])[:, None]
    return (torch.arange(13) < lengths).long()


def test_rows_hold_several_sequences(mask):
    packing = Packing(mask)
    # 11 | 9 + 1 | 7 + 4 | 3, each in the first row that has room
    owner = [[1] * 11, [4] * 9 + [2] + [-1], [3] * 7 + [0] * 4, [5] * 3 + [-1] * 8]
    assert packing.owner.tolist() == owner


@pytest.mark.parametrize("flip", [False, True], ids=["right", "left"])
def test_unpacked_is_what_was_packed(mask, flip):
    mask = mask.flip(1) if flip else mask
    x = torch.randn(*mask.shape, WIDTH) * mask[..., None]
    packing = Packing(mask)
    packed = packing.pack(x)
    assert packed.shape == (4, 11, WIDTH)
    assert torch.equal(packing.unpack(packed), x)
    # Each row keeps the order: the longest sequence stands as it stood.
    assert torch.equal(packed[0], x[1][mask[1].bool()])


def test_sequences_see_themselves_only(mask):
    packing = Packing(mask)
    sees = packing.mask()
    assert sees.shape == (4, 1, 11, 11) and sees.dtype == torch.bool
    assert sees[0].all()
    expected = torch.block_diag(torch.ones(7, 7), torch.ones(4, 4)).bool()
    assert torch.equal(sees[2, 0], expected)
