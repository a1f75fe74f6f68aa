"""GPT-1: pre-train on the next token, then fine-tune (Radford et al. 2018).

"Improving Language Understanding by Generative Pre-Training". GPT-2 is the same with
the normalisations moved in front of the sublayers and one more at the end, so the model
is GPT-2's here, with `norm_first=False`.
"""

from __future__ import annotations

from dataclasses import replace

from utils.models.gpt2 import (
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    GPT2Model,
)

GPT1 = replace(GPT2Config(), vocabulary=40_478, positions=512)


class GPT1Model(GPT2Model):
    """Embeddings and causal blocks, normalised after each sum."""

    def __init__(self, config: GPT2Config):
        super().__init__(config, norm_first=False)


class GPT1LMHeadModel(GPT2LMHeadModel):
    """The next token at every position, scored by the token table itself."""

    def __init__(self, config: GPT2Config):
        super().__init__(config, norm_first=False)


class GPT1ForSequenceClassification(GPT2ForSequenceClassification):
    """One label for a text, from its last token's vector (§3.2)."""

    def __init__(self, config: GPT2Config, classes: int = 2):
        super().__init__(config, classes, norm_first=False)
