"""The two photographs: pixels the right way up, and whose they are."""

import pytest
import sklearn.datasets
import torch

from utils.data import photographs
from utils.data.dataset import DataUnavailable


def test_schema_and_description():
    data = photographs.load()
    assert [photograph.name for photograph in data["test"]] == ["china", "flower"]
    for photograph in data["test"]:
        assert photograph.image.shape == (3, 427, 640)
        assert photograph.image.dtype == torch.uint8
        assert photograph.image.is_contiguous()
    assert data.bytes == 2 * 3 * 427 * 640
    assert str(data).startswith("photographs: 2 test; 1.6 MB\nsource: embedded")
    assert "CC BY 2.0" in str(data)


def test_pixels_are_where_they_belong():
    """The sky is above and blue; the flower is red and yellow, in the middle."""
    data = photographs.load()
    red, _, blue = data.named("china").image[:, :50].float().mean((1, 2))
    assert blue > red + 10
    red, _, blue = data.named("flower").image[:, 150:250, 280:380].float().mean((1, 2))
    assert red > blue + 10


def test_addresses_are_those_of_scikit_learn():
    stated = sklearn.datasets.load_sample_images().DESCR
    for photograph in photographs.load()["test"]:
        assert photograph.address in stated


def test_unknown_name_and_source():
    with pytest.raises(KeyError, match="photographs has china, flower, not 'cat'"):
        photographs.load().named("cat")
    with pytest.raises(ValueError, match="photographs comes from embedded, not 'hub'"):
        photographs.load("hub")


def test_a_photograph_that_is_not_there(monkeypatch):
    sample = sklearn.datasets.load_sample_images()
    sample.images, sample.filenames = sample.images[:1], sample.filenames[:1]
    monkeypatch.setattr(sklearn.datasets, "load_sample_images", lambda: sample)
    with pytest.raises(DataUnavailable, match=r"no flower\.jpg"):
        photographs.load()
