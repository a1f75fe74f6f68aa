"""ELECTRA: learn from every token (Clark et al. 2020, arXiv 2003.10555).

A small masked-language model, the generator, fills the masks by sampling; the
discriminator, the model that is kept, says of each token whether it was replaced.
Both are BERTs; the tables may be narrower than the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from utils.models.bert import BertConfig, BertModel
from utils.models.output import ModelOutput
from utils.models.tasks import (
    MaskedLM,
    QuestionAnswering,
    SequenceClassification,
    TokenClassification,
)
from utils.nn.embeddings import TokenEmbedding, TransformerEmbeddings
from utils.nn.heads import ClassificationHead, MaskedLMHead, ReplacedTokenHead
from utils.nn.init import normal_init
from utils.nn.positions import LearnedPositions


@dataclass(frozen=True)
class ElectraConfig(BertConfig):
    """ELECTRA-small's discriminator unless changed; `ELECTRA_BASE` is below."""

    width: int = 256
    heads: int = 4
    inner_width: int = 1024
    embedding_width: int = 128

    def generator(self, share: float = 1 / 4) -> ElectraConfig:
        """A generator for this discriminator: a `share` of its width, its tables.

        §3.2 finds 1/4 to 1/2 best; the published ones are 1/4 (small) and 1/3 (base).
        """
        return replace(
            self,
            width=round(self.width * share),
            heads=max(1, round(self.heads * share)),
            inner_width=round(self.inner_width * share),
        )


ELECTRA_BASE = ElectraConfig(width=768, heads=12, inner_width=3072, embedding_width=768)


class ElectraModel(BertModel):
    """BERT without a pooler; a projection where tables and model differ in width."""

    config: ElectraConfig

    def __init__(self, config: ElectraConfig):
        narrow = config.embedding_width
        embeddings = TransformerEmbeddings(
            TokenEmbedding(config.vocabulary, narrow),
            LearnedPositions(config.positions, narrow),
            segments=config.segments,
            norm=nn.LayerNorm(narrow, eps=config.eps),
            dropout=config.dropout,
            projection=(
                None if narrow == config.width else nn.Linear(narrow, config.width)
            ),
        )
        super().__init__(config, pooler=False, embeddings=embeddings)


class ElectraForPreTraining(nn.Module):
    """The discriminator: was this token replaced?"""

    def __init__(self, config: ElectraConfig):
        super().__init__()
        self.backbone = ElectraModel(config)
        self.head = ReplacedTokenHead(config.width, config.activation)
        self.head.apply(partial(normal_init, std=config.init_std))

    def forward(self, *inputs: Any, **options: Any) -> ModelOutput:
        """As `BertModel`, with `logits` (batch, time), above 0 for "replaced"."""
        found = self.backbone(*inputs, **options)
        found.logits = self.head(found.last_hidden_state)
        return found


class ElectraForMaskedLM(MaskedLM):
    """The generator: what was under the mask?"""

    def __init__(self, config: ElectraConfig):
        head = MaskedLMHead(
            config.width,
            config.vocabulary,
            embedding_width=config.embedding_width,
            eps=config.eps,
        )
        super().__init__(ElectraModel(config), head)


@dataclass
class ElectraPreTrainingOutput:
    """What the losses of both models are made of."""

    generator_logits: Tensor
    """(number masked, vocabulary), in the order of `ids[masked]`"""
    discriminator_logits: Tensor
    """(batch, time), above 0 for "replaced" """
    corrupted_ids: Tensor
    """(batch, time), what the discriminator read"""


class ElectraPreTraining(nn.Module):
    """Generator and discriminator with the same tables (§3.2, "Weight Sharing").

    Token, position and segment vectors are shared; norms and projections are not.

    Args:
        generator, discriminator: sizes; the discriminator's `generator()` fits.

    Raises:
        ValueError: their tables differ in size.
    """

    def __init__(self, generator: ElectraConfig, discriminator: ElectraConfig):
        super().__init__()
        for name in ("vocabulary", "positions", "segments", "embedding_width"):
            ours, theirs = getattr(generator, name), getattr(discriminator, name)
            if ours != theirs:
                raise ValueError(
                    f"generator and discriminator share their tables, but {name} is "
                    f"{ours} and {theirs}"
                )
        self.generator = ElectraForMaskedLM(generator)
        self.discriminator = ElectraForPreTraining(discriminator)
        shared = self.discriminator.backbone.embeddings
        for name in ("token", "positions", "segment"):
            setattr(self.generator.backbone.embeddings, name, getattr(shared, name))

    def forward(
        self,
        input_ids: Tensor,
        masked: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        rng: torch.Generator | None = None,
    ) -> ElectraPreTrainingOutput:
        """Fill the masks with samples of the generator and judge every token.

        No gradient goes through the sample: the generator learns by likelihood only.
        A sample that happens to be right counts as original: compare `corrupted_ids`
        with the original ids.

        Args:
            input_ids: (batch, time), with [MASK] at the chosen places.
            masked: (batch, time), boolean, True at those places.
            attention_mask, token_type_ids: as for `BertModel`.
            rng: for samples that can be repeated; on the logits' device.

        Raises:
            TypeError: `masked` isn't boolean.
            ValueError: `masked` has another shape than `input_ids`.
        """
        if masked.dtype != torch.bool:
            raise TypeError(f"masked must be boolean, was {masked.dtype}")
        if masked.shape != input_ids.shape:
            raise ValueError(
                f"masked must be {tuple(input_ids.shape)} as input_ids, "
                f"was {tuple(masked.shape)}"
            )
        inputs = {"attention_mask": attention_mask, "token_type_ids": token_type_ids}
        encoder = self.generator.backbone
        hidden = encoder(input_ids, **inputs).last_hidden_state[masked]
        logits = self.generator.head(hidden, encoder.embeddings.table)
        chances = logits.detach().float().softmax(-1)
        sampled = torch.multinomial(chances, 1, generator=rng)[:, 0]
        corrupted = input_ids.masked_scatter(masked, sampled)
        return ElectraPreTrainingOutput(
            generator_logits=logits,
            discriminator_logits=self.discriminator(corrupted, **inputs).logits,
            corrupted_ids=corrupted,
        )


class ElectraForSequenceClassification(SequenceClassification):
    """One label for a sentence or a pair, from [CLS] through a GELU layer."""

    def __init__(self, config: ElectraConfig, classes: int = 2):
        head = ClassificationHead(
            config.width,
            classes,
            hidden=True,
            activation="gelu",
            dropout=config.classifier_dropout,
        )
        super().__init__(ElectraModel(config), head, position=0)


class ElectraForTokenClassification(TokenClassification):
    """One label for each token."""

    def __init__(self, config: ElectraConfig, classes: int = 2):
        super().__init__(ElectraModel(config), classes, config.classifier_dropout)


class ElectraForQuestionAnswering(QuestionAnswering):
    """Where the answer starts and where it ends in the passage."""

    def __init__(self, config: ElectraConfig):
        super().__init__(ElectraModel(config))
