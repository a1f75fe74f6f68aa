"""What models cost, by formulas: parameters, operations and bytes, a part at a time.

    parameters("bert-base")                        109482240
    parameters("bert-base", layers=6)              any size or switch can be changed,
    dimensions("bert-base")                        which are these
    models()                                       the names
    table("gpt2-xl")                               part, formula, value
    operations("gpt2", length=1024)                of a forward pass, or of training
    activations("gpt2", length=1024)               bytes kept for the backward pass
    memory("gpt2", length=1024, batch=8)           bytes of a training step
    kv_cache("llama-2-7b", length=4096)            bytes of keys and values

``block_formulas`` mirrors ``utils.nn``, ``model_formulas`` mirrors ``utils.models``;
``presets`` has the numbers of each model.
"""

from utils.ledger.counts import (
    activations,
    dimensions,
    kv_cache,
    memory,
    models,
    operations,
    parameters,
    table,
)
from utils.ledger.ledger import Ledger, Row

__all__ = [
    "Ledger",
    "Row",
    "activations",
    "dimensions",
    "kv_cache",
    "memory",
    "models",
    "operations",
    "parameters",
    "table",
]
