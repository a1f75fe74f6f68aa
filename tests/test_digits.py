import pytest
import torch

from utils.data import digits


def test_schema_and_description():
    data = digits.load()
    assert data.train_images.shape == (1347, 8, 8)
    assert data.test_images.shape == (450, 8, 8)
    assert data.train_images.dtype == torch.float32
    assert data.test_labels.dtype == torch.int64
    assert data.train_images.min() == 0 and data.train_images.max() == 1
    assert "1,347" in str(data) and "CC BY 4.0" in str(data)
    assert list(data) == ["train", "test"] and data.bytes == 1797 * 64
    assert data.labels == tuple("0123456789")


@pytest.mark.parametrize("split", ["train", "test"])
def test_sequences_are_the_images_of_the_splits(split):
    data = digits.load()
    images = data.splits[split].images
    assert images.shape[1:] == (1, 8, 8)
    assert torch.equal(getattr(data, f"{split}_images"), images[:, 0])
    image, label = data[split][5]
    assert torch.equal(image, images[5]) and image.dtype == torch.float32
    assert label == getattr(data, f"{split}_labels")[5]


def test_parts_are_balanced_and_share_no_image():
    data = digits.load()
    counts = torch.bincount(data.test_labels)
    assert counts.min() >= 43 and counts.max() <= 46
    train = {image.numpy().tobytes() for image in data.train_images}
    assert not train & {image.numpy().tobytes() for image in data.test_images}


def test_the_seed_decides_the_split():
    a, b, c = digits.load(), digits.load(), digits.load(seed=1)
    assert torch.equal(a.test_images, b.test_images)
    assert not torch.equal(a.test_images, c.test_images)


@pytest.mark.parametrize("size", [9, 1788])
def test_impossible_size(size):
    with pytest.raises(ValueError, match=f"between 10 and 1787, was {size}"):
        digits.load(size)


def test_no_other_source():
    with pytest.raises(ValueError, match="digits comes from embedded, not 'hub'"):
        digits.load(source="hub")
