"""Masks that models share, on cases small enough to write out."""

import pytest
import torch

from utils.nn.masks import last_true, padding_mask, token_mask, two_stream_masks

PADDED = torch.tensor([[1, 1, 1], [1, 1, 0]])
YES, NO = True, False


def test_nothing_padded_is_no_mask():
    assert padding_mask(None, (2, 3)) is None and token_mask(None) is None
    assert token_mask(torch.ones(2, 3), (2, 3)) is None
    assert token_mask(PADDED, (2, 3)).tolist() == [[YES, YES, YES], [YES, YES, NO]]
    with pytest.raises(ValueError, match=r"\(2, 4\), was \(2, 3\)"):
        token_mask(PADDED, (2, 4))


def test_the_last_true_of_each_row():
    rows = [[YES, NO, YES, NO], [NO, YES, YES, YES], [YES, NO, NO, NO]]
    assert last_true(torch.tensor(rows)).tolist() == [2, 3, 0]


def test_two_streams_differ_in_seeing_themselves():
    """The order is 1, 0, 2; token 2 of the second text is padding; one key before."""
    hidden = torch.tensor([[1, 0, 1], [1, 1, 1], [0, 0, 1]]).expand(2, -1, -1)
    query, content = two_stream_masks((2, 3), PADDED, hidden, earlier=1)
    seen = [[YES, NO, YES, NO], [YES, NO, NO, NO], [YES, YES, YES, NO]]
    assert query[:, 0].tolist() == [seen, seen]
    itself = [[YES, YES, YES, NO], [YES, NO, YES, NO], [YES, YES, YES, YES]]
    assert content[:, 0].tolist() == [itself, itself]
    query, content = two_stream_masks((2, 3), PADDED)
    assert query[1, 0].tolist() == [[YES, YES, NO]] * 3
    assert content[1, 0, 2].tolist() == [YES, YES, YES]
    assert two_stream_masks((2, 3)) == (None, None)
