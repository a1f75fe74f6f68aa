"""When it costs nothing to look at a tensor's values."""

import torch
from torch import Tensor


def cheap_to_see(tensor: Tensor) -> bool:
    """On a CPU, outside compiled code.

    A GPU would have to finish all it was given first, and a graph would break.
    """
    return tensor.device.type == "cpu" and not torch.compiler.is_compiling()
