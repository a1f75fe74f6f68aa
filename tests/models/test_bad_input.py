"""What a learner gets wrong says what is wrong, in every architecture alike."""

from dataclasses import replace

import pytest
import torch
from models import parity

from utils.models import (
    albert,
    bart,
    bert,
    deberta,
    distilbert,
    electra,
    gpt1,
    gpt2,
    pegasus,
    roberta,
    seq2seq,
    t5,
    transformer,
    ulmfit,
    xlnet,
)

WORDS, WIDTH, POSITIONS = parity.VOCABULARY, 30, 19
SIZES = {"vocabulary": WORDS, "width": WIDTH, "layers": 2, "heads": 5}
TABLE = {"positions": POSITIONS}
NARROW = {"embedding_width": 13}
BOTH = {"decoder_layers": 2, "inner_width": 41}

MODELS = {
    "bert": (bert.BertForMaskedLM, bert.BertConfig(**SIZES, **TABLE)),
    "roberta": (
        roberta.RobertaForMaskedLM,
        roberta.RobertaConfig(**SIZES, positions=POSITIONS + 2),
    ),
    "distilbert": (
        distilbert.DistilBertForMaskedLM,
        distilbert.DistilBertConfig(**SIZES, **TABLE),
    ),
    "albert": (
        albert.AlbertForMaskedLM,
        albert.AlbertConfig(**SIZES, **TABLE, **NARROW),
    ),
    "electra": (
        electra.ElectraForMaskedLM,
        electra.ElectraConfig(**SIZES, **TABLE, **NARROW),
    ),
    "deberta": (deberta.DebertaForMaskedLM, deberta.DebertaConfig(**SIZES)),
    "deberta-v3": (
        deberta.DebertaForMaskedLM,
        deberta.DebertaConfig(**SIZES, buckets=8, shared=True),
    ),
    "xlnet": (xlnet.XLNetLMHeadModel, xlnet.XLNetConfig(**SIZES)),
    "gpt1": (gpt1.GPT1LMHeadModel, gpt2.GPT2Config(**SIZES, **TABLE)),
    "gpt2": (gpt2.GPT2LMHeadModel, gpt2.GPT2Config(**SIZES, **TABLE)),
    "awd-lstm": (
        ulmfit.AWDLSTMLMHeadModel,
        ulmfit.AWDLSTMConfig(WORDS, embedding_width=20, hidden_width=30),
    ),
    "bart": (
        bart.BartForConditionalGeneration,
        bart.BartConfig(**SIZES, **TABLE, **BOTH),
    ),
    "pegasus": (
        pegasus.PegasusForConditionalGeneration,
        pegasus.PegasusConfig(**SIZES, **TABLE, **BOTH),
    ),
    "t5": (
        t5.T5ForConditionalGeneration,
        t5.T5Config(**SIZES, **BOTH, head_width=7),
    ),
    "transformer": (
        transformer.Transformer,
        transformer.TransformerConfig(**SIZES, **TABLE, **BOTH),
    ),
    "seq2seq": (seq2seq.Seq2Seq, seq2seq.Seq2SeqConfig(WORDS, WORDS)),
}
WITH_SOURCE = ("bart", "pegasus", "t5", "transformer", "seq2seq")
# The others tell distances, or remember: no length is too long.
WITH_TABLE = ("bert", "roberta", "distilbert", "albert", "electra", "gpt1", "gpt2")
WITH_TABLE += ("bart", "pegasus", "transformer")

IDS = torch.randint(3, WORDS, (2, 5), generator=torch.manual_seed(0))


@pytest.fixture
def call(name):
    """The model on ids; what reads a source as well gets one that is right."""
    made, config = MODELS[name]
    model = made(config).eval()

    def run(input_ids=IDS, **options):
        if name in WITH_SOURCE:
            options = {"decoder_input_ids": IDS[:, :3]} | options
        with torch.no_grad():
            return model(input_ids, **options).logits

    return run


every = pytest.mark.parametrize("name", MODELS)


@every
@pytest.mark.parametrize("wrong", [-1, WORDS])
def test_ids_outside_the_vocabulary(name, wrong, call):
    ids = IDS.clone()
    ids[1, 2] = wrong
    message = f"token id {wrong} is outside the vocabulary of {WORDS}"
    with pytest.raises(ValueError, match=message):
        call(ids)
    if name in WITH_SOURCE:
        with pytest.raises(ValueError, match=message):
            call(decoder_input_ids=ids)
    assert call().isfinite().all()


@every
def test_more_tokens_than_positions(name, call):
    fitting, long = torch.full((2, POSITIONS), 7), torch.full((2, POSITIONS + 1), 7)
    assert call(fitting).isfinite().all()
    if name not in WITH_TABLE:
        assert call(long).isfinite().all()
        return
    message = f"a sequence of {POSITIONS + 1} goes beyond the {POSITIONS} positions"
    with pytest.raises(ValueError, match=message):
        call(long)
    if name in WITH_SOURCE:
        with pytest.raises(ValueError, match=message):
            call(decoder_input_ids=long)


@every
@pytest.mark.parametrize("shape", [(5,), (2, 0)])
def test_ids_of_the_wrong_shape(name, shape, call):
    """A single text without its batch, and no text at all."""
    ids = torch.full(shape, 7)
    message = r"input_ids must be \(batch, time\) with time > 0, was \("
    with pytest.raises(ValueError, match=message):
        call(ids)
    if name in WITH_SOURCE:
        with pytest.raises(ValueError, match=f"decoder_{message}"):
            call(decoder_input_ids=ids)


@every
@pytest.mark.parametrize("shape", [(2, 4), (2, 6), (1, 5), (5,), (2, 1, 1, 5)])
def test_masks_of_the_wrong_shape(name, shape, call):
    mask = torch.ones(shape)
    mask[..., 0] = 0
    with pytest.raises(ValueError, match=r"attention_mask must be .* = \(2, 5\), was"):
        call(attention_mask=mask)


@every
def test_masks_that_are_added_to_scores(name, call):
    """0 where tokens are and -10,000 where padding is: taken for a mask it hides all
    but the padding."""
    mask = torch.zeros(IDS.shape)
    mask[1, 3:] = -1e4
    with pytest.raises(ValueError, match="attention_mask must be 1 .* had -10000: it"):
        call(attention_mask=mask)
    kept = (mask == 0).long()
    for same in (kept, kept.bool(), kept.float()):
        assert torch.equal(call(attention_mask=same), call(attention_mask=kept))
    assert not torch.allclose(call(attention_mask=kept), call())


@every
def test_heads_that_do_not_divide_the_width(name):
    made, config = MODELS[name]
    if not hasattr(config, "heads"):
        pytest.skip("a recurrent network has no heads")
    if name == "t5":
        assert made(replace(config, heads=7))  # their width is a size of its own
        return
    with pytest.raises(ValueError, match=f"7 heads don't divide a width of {WIDTH}"):
        made(replace(config, heads=7))


@pytest.mark.parametrize("made", [bert.BertForMaskedLM, bert.BertForPreTraining])
def test_scored_positions_that_are_not_boolean(made):
    """Zeros and ones would be taken for numbers of rows."""
    model, scored = made(MODELS["bert"][1]), IDS % 2
    with pytest.raises(TypeError, match="scored must be boolean, was torch.int64"):
        model(IDS, scored=scored)
    with pytest.raises(ValueError, match=r"scored must be \(2, 5\) .* was \(2, 4\)"):
        model(IDS, scored=scored[:, 1:].bool())
