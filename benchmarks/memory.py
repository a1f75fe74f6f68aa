"""Memory of attention by the length, each length in a process of its own.

python benchmarks/memory.py LENGTH KIND prints the bytes that one layer needed.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import torch
from contest import Growth

from utils.nn.attention import SelfAttention

LENGTHS = [2**n for n in range(9, 15)]  # 512 … 16,384
TINY_LENGTHS = [512, 1024]
WIDTH, HEADS = 256, 4


def measure(tiny: bool, kind: str) -> list[tuple[int, float]]:
    """[(length, mebibytes)] of a forward and backward pass.

    Args:
        kind: "fused", "causal" (fused too), or "plain": written out, which takes the
            square of the length.
    """
    points = []
    for length in TINY_LENGTHS if tiny else LENGTHS:
        command = [sys.executable, __file__, str(length), kind]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        points.append((length, int(found.stdout) / 2**20))
    return points


def needed(length: int, kind: str) -> int:
    """The bytes that forward and backward took at their peak, above what there was."""
    layer = SelfAttention(WIDTH, HEADS)

    def run(length: int) -> None:
        x = torch.randn(1, length, WIDTH)
        output, _ = layer(x, need_weights=kind == "plain", is_causal=kind == "causal")
        output.sum().backward()

    run(64)  # libraries take theirs once
    reset_peak()
    before = peak()
    run(length)
    return peak() - before


def reset_peak() -> None:
    """Let the peak begin anew (Linux only)."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """The most bytes that were resident at once."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


CASES = [
    Growth(
        f"attention-memory-{kind}",
        f"Self-attention, {kind}: memory of forward and backward by the length",
        1.1,
        partial(measure, kind=kind),
        "MiB",
    )
    for kind in ("fused", "causal")
]


if __name__ == "__main__":
    print(needed(int(sys.argv[1]), sys.argv[2]))
