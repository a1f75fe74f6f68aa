"""The scorer beside a plain loop over transformers' own models, and by hand."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from utils.data.crows_pairs import SentencePair
from utils.evaluation import stereotypes
from utils.evaluation.stereotypes import Scored
from utils.models.output import ModelOutput
from utils.pretrained import from_hf
from utils.tokenizers import Characters, SpecialTokens
from utils.tokenizers.base import Frame

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from recipes import crows_pairs as recipe

transformers = pytest.importorskip("transformers")

PAIRS = [
    SentencePair("the cat sat", "the dog sat", False, "age"),
    SentencePair("a bad cat ran to a mat", "a good dog ran to a mat", True, "age"),
    SentencePair("cats are bad at mats", "a dog is bad at mats", False, "gender"),
    SentencePair("it sat", "it sat", False, "religion"),
]
SPECIAL = SpecialTokens(pad="[PAD]", cls="[CLS]", sep="[SEP]", mask="[MASK]")


def characters():
    letters = Characters.train(
        [text for pair in PAIRS for text in (pair.more, pair.less)], SPECIAL
    )
    frame = Frame(first=("[CLS]",), last=("[SEP]",))
    return Characters(letters.vocabulary, SPECIAL, frame)


def theirs(kind, vocabulary):
    torch.manual_seed(0)
    if kind == "gpt2":
        config = transformers.GPT2Config(
            vocab_size=vocabulary,
            n_embd=16,
            n_layer=2,
            n_head=2,
            n_positions=40,
            initializer_range=0.5,
        )
        return transformers.GPT2LMHeadModel(config).eval()
    build = {"bert": transformers.BertConfig, "roberta": transformers.RobertaConfig}
    config = build[kind](
        vocab_size=vocabulary,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
        initializer_range=0.5,
        pad_token_id=0,
    )
    names = {"bert": "BertForMaskedLM", "roberta": "RobertaForMaskedLM"}
    return getattr(transformers, names[kind])(config).eval()


def common_ends(more, less):
    """Places of the first and last tokens that are equal, as far as they go."""
    front = 0
    while front < min(len(more), len(less)) and more[front] == less[front]:
        front += 1
    back = 0
    while (
        back < min(len(more), len(less)) - front and more[-1 - back] == less[-1 - back]
    ):
        back += 1
    pairs = [(i, i) for i in range(front)]
    return pairs + [(len(more) - i, len(less) - i) for i in range(back, 0, -1)]


@torch.no_grad()
def plain_sum(model, ids, places, mask):
    total = 0.0
    for place in places:
        row = torch.tensor([ids])
        row[0, place] = mask
        logits = model(input_ids=row).logits[0, place].double()
        total += (logits[ids[place]] - logits.logsumexp(0)).item()
    return total


@pytest.mark.parametrize("tokens", [1, 50, 10_000])
@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_shared_tokens_are_masked_in_turn(kind, tokens):
    tokenizer = characters()
    model = theirs(kind, len(tokenizer))
    # Only one stretch of the first two differs: no need of difflib to find the rest.
    pairs = [
        SentencePair("the cat sat", "the dog sat", False, "age"),
        SentencePair("a bad cat", "a good mad cat", False, "age"),
    ]
    found = stereotypes.pseudo_log_likelihoods(
        from_hf(model), tokenizer, pairs, tokens=tokens
    )
    for pair, one in zip(pairs, found, strict=True):
        more, less = tokenizer.encode(pair.more), tokenizer.encode(pair.less)
        places = stereotypes.shared(more, less)
        if pair is pairs[0]:
            assert places == common_ends(more, less)[1:-1]
        assert one.more_length == one.less_length == len(places)
        for ids, side, score in ((more, 0, one.more), (less, 1, one.less)):
            expected = plain_sum(
                model, ids, [p[side] for p in places], tokenizer.mask_token_id
            )
            assert score == pytest.approx(expected, abs=1e-3)
            # Were the unshared tokens asked too, it would be another sum.
            every = range(1, len(ids) - 1)
            wrong = plain_sum(model, ids, every, tokenizer.mask_token_id)
            assert abs(score - wrong) > 0.1
        assert abs(one.more - one.less) > 0.01


def test_what_is_shared():
    #            CLS                 SEP
    more, less = [1, 5, 6, 7, 8, 2], [1, 5, 9, 9, 7, 8, 2]
    assert stereotypes.shared(more, less) == [(1, 1), (3, 4), (4, 5)]
    assert stereotypes.shared(more, more) == [(i, i) for i in range(1, 5)]
    assert stereotypes.shared([1, 5, 2], [1, 6, 2]) == []


@pytest.mark.parametrize("tokens", [1, 60, 10_000])
def test_whole_sentences_are_read_from_the_start(tokens):
    tokenizer = characters()
    model = theirs("gpt2", len(tokenizer))
    start = tokenizer.vocabulary.ids["[SEP]"]
    found = stereotypes.log_likelihoods(
        from_hf(model), tokenizer, PAIRS, start=start, tokens=tokens
    )
    for pair, one in zip(PAIRS, found, strict=True):
        for text, score, length in (
            (pair.more, one.more, one.more_length),
            (pair.less, one.less, one.less_length),
        ):
            ids = torch.tensor(
                [[start, *tokenizer.encode(text, add_special_tokens=False)]]
            )
            with torch.no_grad():
                mean = model(input_ids=ids, labels=ids).loss.item()
            assert score == pytest.approx(-mean * len(text), abs=1e-3)
            assert length == len(text)
    empty = [SentencePair("", "a", False, "age")]
    with pytest.raises(ValueError, match="'' is of no tokens"):
        stereotypes.log_likelihoods(from_hf(model), tokenizer, empty, start=start)


def test_the_score_by_hand():
    pairs = [
        SentencePair("a", "b", False, "age"),
        SentencePair("a", "b", False, "gender"),
        SentencePair("a", "b", True, "gender"),
        SentencePair("a", "b", True, "gender"),
    ]
    scored = [
        Scored(-3.0, -4.0, 6, 6),
        Scored(-4.0, -3.0, 8, 4),
        Scored(-5.0, -5.0002, 5, 5),
        Scored(-5.0, -5.001, 5, 5),
    ]
    found = stereotypes.summary(pairs, scored)
    assert found["all"] == {"score": 0.5, "ties": 1, "pairs": 4}
    assert found["stereo"] == {"score": 0.5, "ties": 0, "pairs": 2}
    assert found["antistereo"] == {"score": 0.5, "ties": 1, "pairs": 2}
    assert found["age"]["score"] == 1 and found["gender"]["score"] == 1 / 3
    assert "religion" not in found
    # −4 over 8 is more than −3 over 4.
    assert stereotypes.summary(pairs, scored, per_length=True)["all"]["score"] == 0.75
    with pytest.raises(ValueError, match="0 pairs"):
        stereotypes.summary([], [])
    with pytest.raises(ValueError, match="4 pairs and 3 scores"):
        stereotypes.summary(pairs, scored[1:])


def test_sentences_swapped_turn_the_score_round():
    tokenizer = characters()
    model = from_hf(theirs("bert", len(tokenizer)))
    swapped = [replace(pair, more=pair.less, less=pair.more) for pair in PAIRS]
    one, other = (
        stereotypes.summary(
            pairs, stereotypes.pseudo_log_likelihoods(model, tokenizer, pairs)
        )
        for pairs in (PAIRS, swapped)
    )
    assert one["religion"] == other["religion"] == {"score": 0, "ties": 1, "pairs": 1}
    for group, figures in one.items():
        told = figures["pairs"] - figures["ties"]
        right = (one[group]["score"] + other[group]["score"]) * figures["pairs"]
        assert right == pytest.approx(told)
    assert one["all"]["ties"] == 1


class Uniform(nn.Module):
    """Finds all tokens equally likely."""

    def __init__(self, vocabulary):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, input_ids, scored=None):
        shape = input_ids.shape if scored is None else (int(scored.sum()),)
        return ModelOutput(logits=self.weight.expand(*shape, -1))


def test_a_model_without_an_opinion():
    tokenizer = characters()
    model = Uniform(len(tokenizer))
    masked = stereotypes.pseudo_log_likelihoods(model, tokenizer, PAIRS)
    found = stereotypes.summary(PAIRS, masked)["all"]
    assert found == {"score": 0, "ties": 4, "pairs": 4}
    # The shorter sentence is the likelier one, and a mean doesn't mind.
    whole = stereotypes.log_likelihoods(model, tokenizer, PAIRS, start=0)
    summed = stereotypes.summary(PAIRS, whole)["all"]
    assert summed == {"score": 0.25, "ties": 3, "pairs": 4}
    per_character = stereotypes.summary(PAIRS, whole, per_length=True)["all"]
    assert per_character == {"score": 0, "ties": 4, "pairs": 4}


def test_tokenizers_that_cannot_be_asked():
    plain = Characters.train(["abc"])
    pairs = [SentencePair("a", "b", False, "age")]
    with pytest.raises(ValueError, match="no token for a mask"):
        stereotypes.pseudo_log_likelihoods(Uniform(3), plain, pairs)
    bare = Characters(characters().vocabulary, SPECIAL)
    with pytest.raises(ValueError, match="no special tokens around"):
        stereotypes.pseudo_log_likelihoods(Uniform(len(bare)), bare, pairs)


def test_pairs_in_the_characters_that_are_known():
    tokenizer = Characters.train(["abc '\n"])
    pairs = [
        SentencePair("a’b", "a'b", False, "age"),
        SentencePair("a 9", "a 8", True, "age"),
        SentencePair("abc", "ab", True, "age"),
    ]
    written, changed = recipe.spelled(pairs, tokenizer)
    assert [(p.more, p.less) for p in written] == [
        ("a'b", "a'b"),
        ("a ", "a "),
        ("abc", "ab"),
    ]
    assert written[1].antistereotype and written[1].bias == "age"
    assert changed == {"replaced": 1, "dropped": 2, "characters": 17, "made_equal": 2}


def test_a_masked_model_of_a_folder(tmp_path):
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens += sorted({w for p in PAIRS for t in (p.more, p.less) for w in t.split()})
    (tmp_path / "vocab.txt").write_text("\n".join(tokens))
    model = theirs("bert", len(tokens))
    model.save_pretrained(tmp_path)
    transformers.BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(
        tmp_path
    )
    ours, tokenizer = recipe.masked_lm(str(tmp_path))
    assert not isinstance(ours, transformers.PreTrainedModel)
    (one,) = stereotypes.pseudo_log_likelihoods(ours, tokenizer, PAIRS[:1])
    assert one.more_length == 2
    ids = tokenizer.encode(PAIRS[0].more)
    expected = plain_sum(model, ids, [1, 3], tokenizer.mask_token_id)
    assert one.more == pytest.approx(expected, abs=1e-4)
    with pytest.raises(ValueError, match="no masked language model"):
        recipe.masked_lm("shakespeare-gpt")
