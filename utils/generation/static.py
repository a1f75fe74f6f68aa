"""Steps of one shape in memory of one place, which a GPU can record and replay.

At batch 1 a GPU computes a token of a small model in less time than Python needs to
launch its kernels. A CUDA graph launches them all at once. It replays the same kernels
on the same addresses: so the cache is written at a place that a tensor names, and read
whole, with what wasn't written yet hidden by a mask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor, nn

from utils.generation.steps import DecoderSteps
from utils.models.output import ModelOutput


class StaticDecoderSteps(DecoderSteps):
    """As `DecoderSteps`, for a GPT: give it to `greedy` or `sample` as the model.

    The first step reads the prompt as ever. The next ones are recorded on a GPU; on a
    CPU they run as they are. `restart` reads another prompt with the same recording.

    Args:
        model: in eval mode.
        rows: of the batch.
        capacity: tokens that will be read, at most.
        compiled: let `torch.compile` fuse the kernels of a step first: half a minute
            once, then fewer of them.

    Raises:
        ValueError: a model in training mode or without a cache, or too few positions.
    """

    def __init__(
        self, model: nn.Module, rows: int, capacity: int, *, compiled: bool = False
    ):
        super().__init__(model, None, capacity)
        if model.training or self.cache is None:
            raise ValueError("static steps need a model in eval mode with a KV cache")
        self.memory, self.compiled = self.cache, compiled
        device = next(model.parameters()).device
        self.columns = torch.arange(capacity, device=device)
        self.position = self.columns[:1].clone()
        self.token = self.position.new_zeros(rows, 1)
        self.shown = torch.ones(rows, capacity, dtype=torch.bool, device=device)
        self.places = self.columns.repeat(rows, 1)
        self.scores: Tensor | None = None
        self.advance: Callable[[], Tensor] | None = None

    def restart(self, attention_mask: Tensor | None = None) -> Self:
        """Read another prompt next, padded as `attention_mask` (rows, prompt) says.

        Raises:
            ValueError: padding on the right.
        """
        self._hide(attention_mask)
        self.memory.clear()
        self.read = 0
        self.shown.copy_(
            torch.ones_like(self.shown) if self.mask is None else self.mask
        )
        self.places.copy_(self.columns if self.positions is None else self.positions)
        return self

    def step(self, ids: Tensor) -> Tensor:
        """As `Stepper.step`; the scores are overwritten by the next step."""
        if not self.read or self.advance is None:
            scores = super().step(ids)
            self.position.fill_(ids.shape[1])
            self.advance = self.advance or self._record()
            return scores
        self.read += 1
        self.token.copy_(ids)
        return self.advance()

    def reorder(self, rows: Tensor) -> None:
        """As `Stepper.reorder`, in place."""
        for layer in self.memory.self_attention:
            if layer.kept is not None:
                layer.kept.copy_(layer.kept.index_select(0, rows))
        self.shown.copy_(self.shown[rows])
        self.places.copy_(self.places[rows])

    def _record(self) -> Callable[[], Tensor]:
        """A function that reads `token` at `position` and moves on."""
        cache = self.memory.static(self.position)
        forward: Callable[..., ModelOutput] = self.forward

        def advance() -> Tensor:
            found = forward(
                self.token,
                attention_mask=self.shown & (self.columns <= self.position),
                position_ids=self.places.index_select(1, self.position),
                cache=cache,
                last_only=True,
            )
            self.position.add_(1)
            assert found.logits is not None
            return found.logits[:, -1]

        if self.compiled:
            forward = torch.compile(self.model, fullgraph=True, dynamic=False)
        if self.token.device.type != "cuda":
            return advance
        # Kernels are chosen and memory is taken before the recording, at the place
        # that the first step will overwrite.
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                advance()
                self.position.sub_(1)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            scores = advance()

        def replay() -> Tensor:
            graph.replay()
            return scores

        return replay
