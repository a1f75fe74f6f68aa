"""A running mean of the weights: steadier than the last ones, and often better."""

from __future__ import annotations

import copy
from typing import Any, Generic, TypeVar

from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

Model = TypeVar("Model", bound=nn.Module)


class Averaged(nn.Module, Generic[Model]):
    """A model in training beside the moving average of its weights.

    Polyak and Juditsky 1992; exponential as in Szegedy et al. 2016, §8. In training
    mode a call goes to `model`, in eval mode to `average`; both are in the state dict,
    so that a training with a checkpoint resumes with its average.

    Args:
        model: is kept; the optimizer's are its parameters.
        decay: of the average at each update. It is less at first, (1 + n) / (10 + n)
            after n updates, so that the random beginning is soon forgotten.

    Raises:
        ValueError: a decay that isn't in [0, 1).
    """

    def __init__(self, model: Model, decay: float = 0.999):
        super().__init__()
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be in [0, 1), was {decay}")
        self.model: Model = model
        self.average: Model = copy.deepcopy(model).requires_grad_(False)
        self.decay = decay

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """As the model's."""
        model = self.model if self.training else self.average
        return model(*inputs, **options)

    def update(self, step: int) -> None:
        """Take the present weights in; `before_step` of `training.loop.train`."""
        decay = min(self.decay, (1 + step) / (10 + step))
        move = get_ema_multi_avg_fn(decay)
        move(list(self.average.parameters()), list(self.model.parameters()), None)
        # Statistics that a batch normalisation keeps are an average already.
        buffers = zip(self.average.buffers(), self.model.buffers(), strict=True)
        for kept, present in buffers:
            kept.copy_(present)
