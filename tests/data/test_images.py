"""Images: the same pixels and classes from each source."""

import io
import struct
import tarfile

import datasets
import pytest
import torch
from PIL import Image

from utils.data import cifar10, mnist
from utils.data.dataset import DataUnavailable
from utils.data.images import LabelledImages, stack

COLOURS = [(200, 30, 60), (10, 120, 240), (90, 90, 90)]
CLASSES = ["cat", "airplane", "truck"]


def photograph(colour: tuple[int, int, int]) -> Image.Image:
    """One colour, and a white corner at the upper right."""
    image = Image.new("RGB", (32, 32), colour)
    image.paste((255, 255, 255), (16, 0, 32, 16))
    return image


def archive(split: str) -> bytes:
    """What the local files are: JPEGs by class in a .tar.xz."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as tar:
        folder = tarfile.TarInfo(split)
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for i, (name, colour) in enumerate(zip(CLASSES, COLOURS, strict=True)):
            jpeg = io.BytesIO()
            photograph(colour).save(jpeg, "JPEG", quality=75)
            entry = tarfile.TarInfo(f"{split}/{name}/{i:04d}.jpg")
            entry.size = jpeg.tell()
            jpeg.seek(0)
            tar.addfile(entry, jpeg)
    return packed.getvalue()


def test_cifar10_from_jpegs(write):
    for split in ("train", "test"):
        write({f"cifar10_jpeg/cifar10_{split}_jpeg.tar.xz": archive(split)})
    data = cifar10.load()
    assert list(data) == ["train", "test"] and data.bytes == 2 * 3 * 3 * 32 * 32
    assert "lossy" in str(data)
    images, labels = data["test"].images, data["test"].labels
    assert images.shape == (3, 3, 32, 32) and images.dtype == torch.uint8
    assert labels.tolist() == [3, 0, 9] and labels.dtype == torch.int64
    assert [data.labels[label] for label in labels] == CLASSES
    assert (images[:, :, 4:12, 20:28] > 250).all()  # above, to the right
    below = images[:, :, 20:28, 4:12].float().mean((2, 3))
    assert torch.allclose(below, torch.tensor(COLOURS).float(), atol=3)


def test_cifar10_from_the_hub(tmp_path, monkeypatch, no_network):
    for split in ("train", "test"):
        rows = datasets.Dataset.from_dict(
            {"img": [photograph(colour) for colour in COLOURS], "label": [3, 0, 9]},
            features=datasets.Features(
                img=datasets.Image(), label=datasets.ClassLabel(names=[*cifar10.LABELS])
            ),
        )
        (tmp_path / "repository/plain_text").mkdir(parents=True, exist_ok=True)
        rows.to_parquet(tmp_path / f"repository/plain_text/{split}-0.parquet")
    monkeypatch.setattr(cifar10, "HUB", str(tmp_path / "repository"))
    data = cifar10.load("hub")
    assert list(data) == ["train", "test"] and "lossy" not in str(data)
    images, labels = data["train"].images, data["train"].labels
    assert labels.tolist() == [3, 0, 9] and labels.dtype == torch.int64
    assert torch.equal(images[:, :, 31, 0], torch.tensor(COLOURS, dtype=torch.uint8))
    assert (images[:, :, :16, 16:] == 255).all()


DIGITS = torch.arange(2 * 28 * 28).remainder(256).to(torch.uint8).view(2, 28, 28)


def idx(array: torch.Tensor) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.to(torch.uint8).numpy().tobytes()


def test_mnist_from_its_own_format(write):
    write(
        {
            "mnist/t10k-images-idx3-ubyte.gz": idx(DIGITS),
            "mnist/t10k-labels-idx1-ubyte.gz": idx(torch.tensor([7, 2])),
        }
    )
    data = mnist.load()
    assert list(data) == ["test"]
    assert torch.equal(data["test"].images, DIGITS.unsqueeze(1))
    assert data["test"].labels.tolist() == [7, 2]


def test_mnist_from_the_hub(tmp_path, monkeypatch, no_network):
    images = [Image.fromarray(digit.numpy()) for digit in DIGITS]
    names = datasets.ClassLabel(names=[*"0123456789"])
    (tmp_path / "repository/mnist").mkdir(parents=True)
    for split in ("train", "test"):
        rows = datasets.Dataset.from_dict(
            {"image": images, "label": [7, 2]},
            features=datasets.Features(image=datasets.Image(), label=names),
        )
        rows.to_parquet(tmp_path / f"repository/mnist/{split}-0.parquet")
    monkeypatch.setattr(mnist, "HUB", str(tmp_path / "repository"))
    data = mnist.load("hub")
    assert list(data) == ["train", "test"]
    assert torch.equal(data["train"].images, DIGITS.unsqueeze(1))
    assert data["test"].labels.tolist() == [7, 2]


@pytest.mark.parametrize("module", [cifar10, mnist])
def test_where_images_come_from(module, tmp_path, monkeypatch, no_network):
    with pytest.raises(ValueError, match="comes from local or hub, not 'embedded'"):
        module.load("embedded")
    with pytest.raises(DataUnavailable, match="no network.*use source='local'"):
        module.load("hub")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    (tmp_path / module.__dict__.get("FOLDER", module.NAME)).mkdir()
    with pytest.raises(DataUnavailable, match=r"\.(xz|gz) is missing.*source='hub'"):
        module.load()


def test_images_and_labels():
    images = LabelledImages(DIGITS.unsqueeze(1), torch.tensor([7, 2]))
    assert len(images) == 2 and images[1][1] == 2 and images[1][0].shape == (1, 28, 28)
    assert len(images[:1]) == 1 and images[:1].labels.tolist() == [7]
    assert [label for _, label in images] == [7, 2]
    with pytest.raises(ValueError, match="2 images but 3 labels"):
        LabelledImages(DIGITS, torch.zeros(3))


def test_rows_are_heights():
    image = Image.new("RGB", (2, 3))
    image.putpixel((1, 2), (1, 2, 3))  # at the right, below
    pixels = stack([image], "RGB")
    assert pixels.shape == (1, 3, 3, 2)
    assert pixels[0, :, 2, 1].tolist() == [1, 2, 3] and pixels.sum() == 6
