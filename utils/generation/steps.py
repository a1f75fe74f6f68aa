"""What decoding needs of a model: the scores of the next token, a step at a time.

`Stepper` is all that `greedy`, `sample` and `beam_search` know. There is one for
decoders, one for encoder-decoders; anything else with these two methods will do (a
table of probabilities in a lesson).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from utils.generation.lean import lean
from utils.models.output import ModelOutput
from utils.nn.kv_cache import KVCache


class Stepper(Protocol):
    """A model in the middle of writing."""

    def step(self, ids: Tensor) -> Tensor:
        """Read the new tokens (rows, new); score the next one: (rows, vocabulary)."""
        ...

    def reorder(self, rows: Tensor) -> None:
        """Go on with these rows, in this order; a row may come more than once."""
        ...


class _ModelSteps:
    """What both kinds share.

    Args:
        model: whose forward takes and returns a `state` (GRUs, LSTMs), or takes a
            `cache` of keys and values.
        capacity: tokens that will be read, at most.
        cached: keep keys and values, or the state; else read all anew at each step.

    Raises:
        TypeError: the model doesn't write from left to right.
        ValueError: more tokens than the model has positions.
    """

    def __init__(self, model: nn.Module, capacity: int, cached: bool):
        forward = getattr(model, "_orig_mod", model).forward  # compiled or not
        taken = inspect.signature(forward).parameters
        if "state" not in taken and "last_only" not in taken:
            raise TypeError(
                f"{type(model).__name__} doesn't write from left to right: "
                "its forward takes neither a state nor last_only"
            )
        self.config: Any = model.config
        limit = getattr(self.config, "positions", capacity)
        if capacity > limit:
            raise ValueError(
                f"{capacity} tokens would be read, prompt included, and this model "
                f"has {limit} positions"
            )
        self.model, self.capacity, self.cached = model, capacity, cached
        self.recurrent = "state" in taken
        self.earlier: Tensor | None = None
        self.cache: KVCache | None = None
        self.state: Any = None
        self.forward: Callable[..., ModelOutput] = model

    def _score(self, *inputs: Any, **options: Any) -> Tensor:
        """Call the model: (rows, vocabulary) for the last position."""
        if self.recurrent:
            found = self.forward(*inputs, state=self.state, **options)
            self.state = found.state
        else:
            found = self.forward(*inputs, cache=self.cache, last_only=True, **options)
        if self.forward is self.model:  # the first step, which checks what is given
            self.forward = lean(self.model)
        assert found.logits is not None  # a model that writes has a head
        return found.logits[:, -1]

    def _to_read(self, ids: Tensor) -> Tensor:
        """The new tokens, after all the earlier ones where nothing is kept of them."""
        if self.cached:
            return ids
        self.state = None
        if self.earlier is not None:
            ids = torch.cat([self.earlier, ids], dim=1)
        self.earlier = ids
        return ids

    def _reorder(self, rows: Tensor) -> None:
        self.state = _rows(self.state, rows, dim=1)
        self.earlier = _rows(self.earlier, rows)
        if self.cache is not None:
            for layer in self.cache.self_attention:
                layer.reorder(rows)


class DecoderSteps(_ModelSteps):
    """Steps of a model that goes on with its input: GPT, AWD-LSTM.

    Args:
        attention_mask: (rows, prompt), 1 for tokens and 0 for padding. That stands on
            the left: a prompt's last token must be its last column.
        model, capacity, cached: see `_ModelSteps`.

    Raises:
        ValueError: padding on the right, or more tokens than the model has positions.
    """

    def __init__(
        self,
        model: nn.Module,
        attention_mask: Tensor | None,
        capacity: int,
        *,
        cached: bool = True,
    ):
        super().__init__(model, capacity, cached)
        if cached and not self.recurrent:
            self.cache = KVCache(self.config.layers, capacity)
        self.read = 0
        self._hide(attention_mask)

    def _hide(self, attention_mask: Tensor | None) -> None:
        """Note which columns are padding, and so where each row's tokens stand."""
        self.mask: Tensor | None = None
        self.positions: Tensor | None = None
        if attention_mask is None or attention_mask.bool().all():
            return
        if not attention_mask[:, -1].all():
            raise ValueError(
                "pad prompts on the left: attention_mask has a 0 in its last column"
            )
        rows, prompt = attention_mask.shape
        new = attention_mask.new_ones(rows, self.capacity - prompt)
        self.mask = torch.cat([attention_mask, new], dim=1)  # (rows, capacity)
        self.positions = (self.mask.cumsum(1) - 1).clamp(min=0)

    def step(self, ids: Tensor) -> Tensor:
        """As `Stepper.step`."""
        start = self.read if self.cached else 0
        ids = self._to_read(ids)
        stop = self.read = start + ids.shape[1]
        options: dict[str, Tensor] = {}
        if self.mask is not None:
            seen = start if self.recurrent else 0
            options["attention_mask"] = self.mask[:, seen:stop]
            if self.positions is not None and not self.recurrent:
                options["position_ids"] = self.positions[:, start:stop]
        return self._score(ids, **options)

    def reorder(self, rows: Tensor) -> None:
        """As `Stepper.reorder`."""
        self._reorder(rows)
        self.mask, self.positions = _rows(self.mask, rows), _rows(self.positions, rows)


class EncoderDecoderSteps(_ModelSteps):
    """Steps of a model that reads a source first, once: BART, T5, `Seq2Seq`.

    Args:
        input_ids: (rows, source)
        attention_mask: (rows, source), 1 for tokens and 0 for padding, on either side.
        model, capacity, cached: see `_ModelSteps`.
    """

    def __init__(
        self,
        model: nn.Module,
        input_ids: Tensor,
        attention_mask: Tensor | None,
        capacity: int,
        *,
        cached: bool = True,
    ):
        super().__init__(model, capacity, cached)
        writer: Any = model  # which has `encode`, as few modules do
        self.encoded: ModelOutput = writer.encode(input_ids, attention_mask)
        padded = attention_mask is not None and not attention_mask.bool().all()
        self.mask = attention_mask if padded else None
        rows, source = input_ids.shape
        self.source = torch.arange(rows, device=input_ids.device)
        if cached and not self.recurrent:
            self.cache = KVCache(self.config.decoder_layers, capacity, source)

    def step(self, ids: Tensor) -> Tensor:
        """As `Stepper.step`."""
        ids = self._to_read(ids)
        return self._score(
            attention_mask=self.mask,
            decoder_input_ids=ids,
            encoder_outputs=self.encoded,
        )

    def reorder(self, rows: Tensor) -> None:
        """As `Stepper.reorder`."""
        self._reorder(rows)
        # Beams of one source change places among themselves; what was read stays.
        source = self.source[rows]
        if torch.equal(source, self.source):
            return
        self.source, self.mask = source, _rows(self.mask, rows)
        self.encoded = ModelOutput(
            last_hidden_state=_rows(self.encoded.last_hidden_state, rows),
            state=_rows(self.encoded.state, rows, dim=1),
        )
        if self.cache is not None:
            for layer in self.cache.cross_attention:
                layer.reorder(rows)


def _rows(value: Any, rows: Tensor, dim: int = 0) -> Any:
    """These rows of a tensor, or of each in a tuple of tuples; None stays None."""
    if isinstance(value, tuple):
        return tuple(_rows(part, rows, dim) for part in value)
    return None if value is None else value.index_select(dim, rows)
