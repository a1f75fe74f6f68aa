"""AWD-LSTM and ULMFiT: a language model of LSTMs, and what it learned put to use.

AWD-LSTM (Merity et al. 2018, arXiv 1708.02182) is a plain LSTM, regularised wherever
that helps. ULMFiT (Howard and Ruder 2018, arXiv 1801.06146) trains it on general text,
goes on with text of the task, and then puts a classifier on top.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from utils.models.output import ModelOutput
from utils.nn.dropout import EmbeddingDropout, VariationalDropout
from utils.nn.embeddings import TokenEmbedding, batch_and_time
from utils.nn.heads import ConcatPoolingHead
from utils.nn.masks import token_mask
from utils.nn.products import large_linear
from utils.nn.recurrent import LSTM

States = tuple[tuple[Tensor, Tensor], ...]


@dataclass(frozen=True)
class AWDLSTMConfig:
    """AWD-LSTM on WikiText-2 with ULMFiT's dropout (§4.1) unless changed.

    Args:
        embedding_width: of the token table and, so that it can score tokens too, of
            the last layer.
        hidden_width: of the other layers.
        embedding_dropout: share of tokens dropped from the batch.
        input_dropout: of the token vectors' features.
        weight_dropout: of each layer's recurrent weights.
        layer_dropout: of the features between two layers.
        output_dropout: of the features that the language model's head reads.
        classifier_dropout: before the classifier's first layer and its second.
    """

    vocabulary: int = 33_278
    embedding_width: int = 400
    hidden_width: int = 1150
    layers: int = 3
    embedding_dropout: float = 0.05
    input_dropout: float = 0.4
    weight_dropout: float = 0.5
    layer_dropout: float = 0.3
    output_dropout: float = 0.4
    classifier_width: int = 50
    classifier_dropout: tuple[float, float] = (0.4, 0.1)
    padding: int | None = None


class AWDLSTM(nn.Module):
    """Token vectors through LSTM layers; the last is as wide as the vectors."""

    def __init__(self, config: AWDLSTMConfig):
        super().__init__()
        self.config = config
        self.token = TokenEmbedding(
            config.vocabulary, config.embedding_width, config.padding
        )
        hidden = [config.hidden_width] * (config.layers - 1)
        widths = [config.embedding_width, *hidden, config.embedding_width]
        self.layers = nn.ModuleList(
            LSTM(width, following, weight_dropout=config.weight_dropout)
            for width, following in zip(widths, widths[1:], strict=False)
        )
        self.embedding_dropout = EmbeddingDropout(config.embedding_dropout)
        self.input_dropout = VariationalDropout(config.input_dropout)
        self.layer_dropout = VariationalDropout(config.layer_dropout)
        nn.init.uniform_(self.token.weight, -0.1, 0.1)  # §5

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        state: States | None = None,
    ) -> ModelOutput:
        """Read a batch from left to right.

        Args:
            input_ids: (batch, time)
            attention_mask: (batch, time), 1 for tokens and 0 for padding, which leaves
                the states as they were.
            state: of each layer, as an earlier call returned it: the text goes on.

        Returns:
            `last_hidden_state` (batch, time, embedding width), `hidden_states` (the
            token vectors, then what each layer gave), and `state`, for each layer
            (h, c) of (1, batch, width).

        Raises:
            ValueError: an id outside the vocabulary, or a mask or state of another
                shape.
        """
        mask = token_mask(attention_mask, batch_and_time(input_ids))
        if state is not None and len(state) != len(self.layers):
            raise ValueError(
                f"state must be one (h, c) for each of {len(self.layers)} layers, "
                f"was {len(state)}"
            )
        x = self.input_dropout(self.embedding_dropout(self.token, input_ids))
        hidden, states = [x], []
        for depth, layer in enumerate(self.layers):
            if depth:
                x = self.layer_dropout(x)
            x, after = layer(x, None if state is None else state[depth], mask=mask)
            hidden.append(x)
            states.append(after)
        return ModelOutput(
            last_hidden_state=x, hidden_states=tuple(hidden), state=tuple(states)
        )


class AWDLSTMLMHeadModel(nn.Module):
    """The next token at every position, scored by the token table and a bias."""

    def __init__(self, config: AWDLSTMConfig):
        super().__init__()
        self.config, self.backbone = config, AWDLSTM(config)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))
        self.dropout = VariationalDropout(config.output_dropout)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        state: States | None = None,
    ) -> ModelOutput:
        """As `AWDLSTM`, with `logits` (batch, time, vocabulary).

        `last_hidden_state` is what the head reads, after dropout, and
        `hidden_states[-1]` the same before it: activation regularisation takes the
        first, its temporal kin the second (Merity et al. 2018, §4.6).
        """
        found = self.backbone(input_ids, attention_mask, state)
        found.last_hidden_state = self.dropout(found.last_hidden_state)
        # The table is whole here, also for tokens that embedding dropout left out.
        found.logits = large_linear(
            found.last_hidden_state, self.backbone.token.weight, self.bias
        )
        return found


class ULMFiTClassifier(nn.Module):
    """One label for a text, from the last, largest and mean states (§3.3).

    To put a language model's backbone under it:
    `classifier.backbone.load_state_dict(language_model.backbone.state_dict())`.
    """

    def __init__(self, config: AWDLSTMConfig, classes: int = 2):
        super().__init__()
        self.config, self.backbone = config, AWDLSTM(config)
        self.head = ConcatPoolingHead(
            config.embedding_width,
            classes,
            inner_width=config.classifier_width,
            dropout=config.classifier_dropout,
        )

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None
    ) -> ModelOutput:
        """As `AWDLSTM`, with `logits` (batch, classes).

        Raises:
            ValueError: as `AWDLSTM`, or a text that is nothing but padding.
        """
        found = self.backbone(input_ids, attention_mask)
        mask = token_mask(attention_mask, tuple(input_ids.shape))
        found.logits = self.head(found.last_hidden_state, mask)
        return found
