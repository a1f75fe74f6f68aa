"""The types are checked by rules that catch a wrong one."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RIGHT = """
from torch import Tensor
from utils.nn.masks import padding_mask

def shown(mask: Tensor) -> Tensor | None:
    return padding_mask(mask)
"""
FILES = {
    "right": RIGHT,
    "another_type": RIGHT.replace("(mask)", "([1, 0])"),
    "none_unseen": RIGHT.replace(" | None", ""),
    "no_annotation": RIGHT.replace("mask: Tensor", "mask"),
    "a_name_not_there": RIGHT.replace("padding_mask(mask)", "mask.size_()"),
}


def test_wrong_types_are_named_and_right_ones_pass(tmp_path):
    for name, code in FILES.items():
        (tmp_path / f"{name}.py").write_text(code)
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml"]
    command += ["utils/nn/masks.py", *sorted(tmp_path.glob("*.py"))]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 1, found.stderr
    for name in FILES:
        assert (f"{name}.py:" in found.stdout) == (name != "right"), found.stdout
