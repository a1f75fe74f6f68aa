"""What every encoder-decoder must do: steps with a cache give what one pass gives."""

from __future__ import annotations

import pytest
import torch
from models import parity
from torch import Tensor, nn

from utils.nn.kv_cache import KVCache

TARGET, TARGET_PADDED, STEPS, POSITIONS = 8, 5, 40, 45


def inputs(start: int, padding: int) -> dict[str, Tensor]:
    """Source and target whose second rows are padded on the right."""
    found = parity.tokens()
    found["input_ids"][found["attention_mask"] == 0] = padding
    target = torch.randint(3, parity.VOCABULARY, (parity.BATCH, TARGET))
    mask = torch.ones_like(target)
    mask[1, TARGET_PADDED:] = 0
    target[mask == 0] = padding
    target[:, 0] = start
    return found | {"decoder_input_ids": target, "decoder_attention_mask": mask}


def source_of(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    return {n: inputs[n] for n in ("input_ids", "attention_mask")}


def without_target(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    return {n: t for n, t in inputs.items() if not n.startswith("decoder")}


def long_target() -> Tensor:
    torch.manual_seed(3)
    return torch.randint(3, parity.VOCABULARY, (parity.BATCH, STEPS))


def _steps(model, source, ids, chunks, *, mask=None, cache=None):
    """Logits (batch, time, vocabulary), a few positions at a time, encoded once."""
    encoded = model.encode(**source)
    time = source["input_ids"].shape[1]
    cache = cache or KVCache(model.config.decoder_layers, STEPS, memory_length=time)
    logits, end = [], 0
    for part in ids.split(chunks, dim=1):
        end += part.shape[1]
        options = {} if mask is None else {"decoder_attention_mask": mask[:, :end]}
        step = model(
            attention_mask=source["attention_mask"],
            decoder_input_ids=part,
            encoder_outputs=encoded,
            cache=cache,
            **options,
        )
        logits.append(step.logits)
        # From the second step on the cross-attention reads the cache alone.
        encoded.last_hidden_state = torch.full_like(
            encoded.last_hidden_state, torch.nan
        )
    return torch.cat(logits, dim=1), cache


@torch.no_grad()
def assert_cached_equals_uncached(model: nn.Module, inputs: dict[str, Tensor]) -> None:
    """Over many steps, of one and of several, with a padded source."""
    source, ids = source_of(inputs), long_target()
    whole = model(**source, decoder_input_ids=ids).logits
    for chunks in ([1] * STEPS, [5, 1, 1, 7, *[1] * (STEPS - 14)], [STEPS]):
        steps, cache = _steps(model, source, ids, chunks)
        assert (steps - whole).abs().max() < 1e-11
        assert cache.length == STEPS
        lengths = {layer.length for layer in cache.cross_attention}
        assert lengths == {parity.TIME}
    last = model(**source, decoder_input_ids=ids, last_only=True).logits
    assert last.shape == (parity.BATCH, 1, parity.VOCABULARY)
    assert (last - whole[:, -1:]).abs().max() < 1e-12


@torch.no_grad()
def assert_cached_with_padded_target(model: nn.Module, inputs: dict) -> None:
    """A target padded on the left: what is hidden from one pass is from the steps."""
    source, ids = source_of(inputs), long_target()
    mask = torch.ones_like(ids)
    mask[1, :4] = 0
    options = {"decoder_input_ids": ids, "decoder_attention_mask": mask}
    whole = model(**source, **options).logits
    steps, _ = _steps(model, source, ids, [6, *[1] * (STEPS - 6)], mask=mask)
    assert (steps - whole)[mask.bool()].abs().max() < 1e-11
    assert not steps.isnan().any()
    unpadded = model(**source, decoder_input_ids=ids).logits
    assert (whole - unpadded)[1, 4:].abs().max() > 1e-6


@torch.no_grad()
def assert_rows_can_be_reordered(model: nn.Module, inputs: dict) -> None:
    """As beam search does: the same as if the rows had stood so from the start."""
    source, ids = source_of(inputs), long_target()
    rows = torch.tensor([1, 0])
    _, cache = _steps(model, source, ids[:, :9], [9])
    cache.reorder(rows)
    turned = {n: t[rows] for n, t in source.items()}
    after, _ = _steps(model, turned, ids[rows, 9:], [1] * (STEPS - 9), cache=cache)
    whole = model(**turned, decoder_input_ids=ids[rows]).logits
    assert (after - whole[:, 9:]).abs().max() < 1e-11


@torch.no_grad()
def assert_future_is_hidden(model: nn.Module, inputs: dict[str, Tensor]) -> None:
    """Changing later tokens of the target changes nothing before them."""
    source, ids = source_of(inputs), long_target()
    changed = ids.clone()
    changed[:, 6:] = (ids[:, 6:] + 1) % parity.VOCABULARY
    before, after = (
        model(**source, decoder_input_ids=x).logits for x in (ids, changed)
    )
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


@torch.no_grad()
def assert_greedy_equals_generate(theirs, ours, inputs: dict[str, Tensor]) -> None:
    """Token for token, and in every step's logits, over many steps."""
    source, steps = source_of(inputs), 30
    expected = theirs.generate(
        **source,
        max_new_tokens=steps,
        min_new_tokens=steps,
        num_beams=1,
        do_sample=False,
        forced_eos_token_id=None,
        no_repeat_ngram_size=1,
        return_dict_in_generate=True,
        output_logits=True,
    )
    cache = KVCache(ours.config.decoder_layers, steps, memory_length=parity.TIME)
    encoded = ours.encode(**source)
    ids = torch.full((parity.BATCH, 1), ours.config.start)
    for logits in expected.logits:
        found = ours(
            attention_mask=source["attention_mask"],
            decoder_input_ids=ids[:, -1:],
            encoder_outputs=encoded,
            cache=cache,
        ).logits[:, -1]
        # Generation keeps its logits in float32.
        assert (found.float() - logits).abs().max() < 1e-5 * logits.abs().max()
        # The end is put off, and no token comes twice.
        found[:, ours.config.end] = -torch.inf
        found.scatter_(1, ids, -torch.inf)
        ids = torch.cat([ids, found.argmax(-1, keepdim=True)], dim=1)
    assert torch.equal(ids, expected.sequences)


def assert_refuses_bad_input(model: nn.Module, inputs: dict[str, Tensor]) -> None:
    """Each error says what was wrong."""
    source, ids = source_of(inputs), inputs["decoder_input_ids"]
    mask = source["attention_mask"]
    wrong = torch.tensor([[1, parity.VOCABULARY]])
    with pytest.raises(ValueError, match="97 is outside the vocabulary of 97"):
        model(input_ids=wrong, decoder_input_ids=ids[:1])
    with pytest.raises(ValueError, match="97 is outside the vocabulary of 97"):
        model(**source, decoder_input_ids=wrong.expand(2, -1))
    with pytest.raises(ValueError, match="input_ids or encoder_outputs"):
        model(decoder_input_ids=ids)
    with pytest.raises(ValueError, match=r"attention_mask.*\(2, 11\), was \(2, 10\)"):
        model(source["input_ids"], mask[:, 1:], decoder_input_ids=ids)
    with pytest.raises(ValueError, match=r"decoder_attention_mask.*\(2, 8\), was \(2"):
        model(**source, decoder_input_ids=ids, decoder_attention_mask=ids[:, 1:])
    encoded = model.encode(**source)
    with pytest.raises(ValueError, match="1 targets for 2 encoded sources"):
        model(decoder_input_ids=ids[:1], encoder_outputs=encoded)
    cache = KVCache(model.config.decoder_layers, 2, memory_length=parity.TIME)
    with pytest.raises(ValueError, match="the cache holds 2 positions"):
        model(decoder_input_ids=ids, encoder_outputs=encoded, cache=cache)


def assert_refuses_long_input(model: nn.Module, inputs: dict[str, Tensor]) -> None:
    """For models with a table of positions, and for both sides."""
    long = torch.ones(2, POSITIONS + 1, dtype=torch.long)
    source = source_of(inputs)
    with pytest.raises(ValueError, match=f"beyond the {POSITIONS} positions"):
        model(input_ids=long, decoder_input_ids=long[:, :3])
    with pytest.raises(ValueError, match=f"beyond the {POSITIONS} positions"):
        model(**source, decoder_input_ids=long)


# Perturbations that fit them all.


def not_causal(model: nn.Module) -> None:
    """The decoder sees what it is to write."""
    for block in model.backbone.decoder.stack.blocks:
        forward = block.attention.forward
        block.attention.forward = lambda x, f=forward, **o: f(
            x, **(o | {"is_causal": False})
        )


def memory_unmasked(model: nn.Module) -> None:
    """The cross-attention sees the source's padding."""
    for block in model.backbone.decoder.stack.blocks:
        forward = block.forward
        block.forward = lambda x, f=forward, **o: f(x, **(o | {"memory_mask": None}))


def keys_for_values(model: nn.Module) -> None:
    """The cross-attention's keys and values, exchanged."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "kv_proj" in name:
                p.copy_(p.roll(len(p) // 2, 0))


def another_head(model: nn.Module) -> None:
    """The logits come from a table of their own."""
    token = model.backbone.token
    head = nn.Linear(*token.weight.shape[::-1], bias=False).to(token.weight.dtype)
    with torch.no_grad():
        head.weight.copy_(token.weight.roll(1, 0))
    model.head = head
