import math
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from utils.data.examples import LastWord
from utils.evaluation import lambada
from utils.models.gpt2 import GPT2Config, GPT2LMHeadModel
from utils.models.output import ModelOutput
from utils.tokenizers import ByteLevelBPE, Characters, SpecialTokens

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from recipes import lambada as recipe

TEXTS = ["the cat sat on the mat and the dog sat by the cat", "a dog and a cat"]
PASSAGES = [
    LastWord("the cat sat on the", "mat"),
    LastWord("a dog and a", "cat"),
    LastWord("the dog sat by the cat and the mat sat on a", "dog"),
]


def gpt(vocabulary, positions=16):
    torch.manual_seed(0)
    sizes = {"vocabulary": vocabulary, "width": 16, "layers": 2, "heads": 2}
    config = GPT2Config(**sizes, inner_width=32, positions=positions, init_std=0.6)
    return GPT2LMHeadModel(config).eval()


@pytest.mark.parametrize("tokens", [1, 60, 10_000])
@pytest.mark.parametrize("level", ["characters", "bytes"])
def test_words_are_scored_token_by_token(level, tokens):
    if level == "characters":
        tokenizer = Characters.train(TEXTS)
    else:
        tokenizer = ByteLevelBPE.train(TEXTS * 3, 300)
    context = 16
    model = gpt(len(tokenizer))
    found = lambada.score(model, tokenizer, PASSAGES, context=context, tokens=tokens)
    for passage, one in zip(PASSAGES, found, strict=True):
        ids = tokenizer.encode(passage.text)
        word = tokenizer.encode(f" {passage.word}")
        assert ids[-len(word) :] == word and one.tokens == len(word)
        assert one.cut == (len(ids) > context)
        log_probability, correct = 0.0, []
        for place in range(len(ids) - len(word), len(ids)):
            logits = model(torch.tensor([ids[-context:place]])).logits[0, -1]
            log_probability += logits.log_softmax(0)[ids[place]].item()
            correct.append(logits.argmax().item() == ids[place])
        last = logits.log_softmax(0)[ids[-1]].item()
        assert one.log_probability == pytest.approx(log_probability, abs=1e-4)
        assert one.last_token_log_probability == pytest.approx(last, abs=1e-4)
        assert one.correct == all(correct) and one.last_token_correct == correct[-1]
    assert {one.cut for one in found} == {False, True} or level == "bytes"


class Parrot(nn.Module):
    """Knows one text by heart: after each of its beginnings, how it goes on."""

    def __init__(self, ids, vocabulary):
        super().__init__()
        self.ids, self.vocabulary = ids, vocabulary
        self.weight = nn.Parameter(torch.tensor(math.log(3.0 * (vocabulary - 1))))

    def forward(self, input_ids):
        logits = torch.zeros(*input_ids.shape, self.vocabulary)
        for row, ids in enumerate(input_ids.tolist()):
            for place in range(len(ids)):
                known = ids[: place + 1] == self.ids[: place + 1]
                if known and place + 1 < len(self.ids):
                    logits[row, place, self.ids[place + 1]] = self.weight
        return ModelOutput(logits=logits)


def test_a_known_text_is_right_and_its_perplexity_known():
    tokenizer = Characters.train(["abcdefgh "])
    size = len(tokenizer)
    passages = [LastWord("ab", "cd"), LastWord("ab", "ce"), LastWord("ab", "ad")]
    whole = Parrot(tokenizer.encode("ab cd g"), size)
    found = lambada.score(whole, tokenizer, passages, context=16)
    assert [one.correct for one in found] == [True, False, False]
    assert [one.ended for one in found] == [True, False, False]
    # The likeliest has 3/4: three tokens of the word, the space before it included.
    assert found[0].log_probability == pytest.approx(3 * math.log(0.75), rel=1e-5)
    summary = lambada.summary(found[:1])
    assert summary["accuracy"] == summary["last_token_accuracy"] == 1
    assert summary["perplexity"] == pytest.approx(0.75**-3, rel=1e-5)
    assert summary["last_token_perplexity"] == pytest.approx(1 / 0.75, rel=1e-5)
    assert lambada.summary(found)["accuracy"] == pytest.approx(1 / 3)

    goes_on = Parrot(tokenizer.encode("ab cdg"), size)
    (one,) = lambada.score(goes_on, tokenizer, passages[:1], context=16)
    assert one.correct and not one.ended
    with pytest.raises(ValueError, match="'cd' is 3 of 5 tokens"):
        lambada.score(whole, tokenizer, passages, context=3)
    with pytest.raises(ValueError, match="no last words"):
        lambada.summary([])


def test_a_text_in_the_characters_that_are_known():
    vocabulary = Characters.train(["abcde .'-"]).vocabulary
    assert lambada.spell("abc'.", vocabulary) == ("abc'.", 0, 0)
    assert lambada.spell("“a’b”—é…\n#c", vocabulary) == ("a'b--e... c", 5, 3)


def test_a_gpt2_of_transformers_is_scored(tmp_path):
    transformers = pytest.importorskip("transformers")
    ours = ByteLevelBPE.train(
        TEXTS * 3, 300, special=SpecialTokens(eos="<|endoftext|>")
    )
    ours.save(tmp_path)
    torch.manual_seed(1)
    sizes = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32}
    config = transformers.GPT2Config(
        vocab_size=len(ours), initializer_range=0.5, **sizes
    )
    theirs = transformers.GPT2LMHeadModel(config).eval()
    theirs.save_pretrained(tmp_path)

    model, tokenizer = recipe.causal_lm(str(tmp_path))
    assert not isinstance(model, transformers.PreTrainedModel)
    found = lambada.score(model, tokenizer, PASSAGES, context=32)
    expected = lambada.score(theirs, ours, PASSAGES, context=32)
    for one, other in zip(found, expected, strict=True):
        assert one.tokens == other.tokens and one.correct == other.correct
        assert one.log_probability == pytest.approx(other.log_probability, abs=1e-4)
    assert len({round(one.log_probability, 3) for one in found}) == len(found)


def test_chunks_go_on_where_they_were(tmp_path):
    from recipes.chunks import in_chunks

    seen = []

    def evaluate(rows):
        if len(seen) == 4 and 4 in rows:
            raise KeyboardInterrupt
        seen.extend(rows)
        return [row * row for row in rows]

    path = tmp_path / "work" / "found.json"
    with pytest.raises(KeyboardInterrupt):
        in_chunks(path, range(7), 2, evaluate)
    seen.append("went on")
    assert in_chunks(path, range(7), 2, evaluate) == [i * i for i in range(7)]
    assert seen == [0, 1, 2, 3, "went on", 4, 5, 6]
    with pytest.raises(ValueError, match="1 were found of 2"):
        in_chunks(tmp_path / "x.json", range(2), 2, lambda rows: [0])
