"""The course's own weights: read as written, refused when damaged, small enough."""

import json
import os
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

from recipes import minilm_mlm, stories_gpt

from utils import pretrained
from utils.data import digits, tinyshakespeare
from utils.data.corpora import stories, translations
from utils.generation import greedy
from utils.models.gpt2 import GPT2Config, GPT2LMHeadModel
from utils.models.vit import ViTConfig, ViTForImageClassification
from utils.objectives import denoising
from utils.objectives.language_modeling import token_loss
from utils.pretrained import course_weights, minilm
from utils.tokenizers import ByteLevelBPE

LARGEST = 60e6
SHIPPED = course_weights.names()


@pytest.fixture
def folder(tmp_path):
    """A small GPT and its tokenizer, as `stories-gpt`, and a ViT."""
    torch.manual_seed(0)
    tokenizer = ByteLevelBPE.train(["a rose is a rose is a rose"], 262)
    sizes = {"width": 8, "layers": 1, "heads": 2, "inner_width": 16, "positions": 12}
    config = GPT2Config(vocabulary=len(tokenizer), **sizes)
    facts = {"licence": "CC BY 4.0", "steps": 3}
    course_weights.save(
        "stories-gpt",
        GPT2LMHeadModel(config),
        tokenizer,
        facts,
        tmp_path,
        config=config,
    )
    sizes = {"image": 8, "patch": 4, "channels": 1, "width": 8, "layers": 1, "heads": 2}
    config = ViTConfig(**sizes, inner_width=8)
    vit = ViTForImageClassification(config, classes=10)
    course_weights.save(
        "vit-digits", vit, None, facts, tmp_path, config=config, classes=10
    )
    return tmp_path


def test_what_is_saved_is_loaded(folder):
    torch.manual_seed(0)
    model, tokenizer = course_weights.load("stories-gpt", folder)
    assert not model.training
    assert tokenizer.decode(tokenizer.encode("a rose")) == "a rose"
    ids = torch.tensor([tokenizer.encode("a rose is a")])
    again, _ = course_weights.load("stories-gpt", folder)
    assert model(ids).logits.dtype == torch.float32
    assert torch.equal(model(ids).logits, again(ids).logits)
    written = GPT2LMHeadModel(model.config)
    assert not torch.allclose(written(ids).logits, model(ids).logits)
    vit, nothing = course_weights.load("vit-digits", folder)
    assert nothing is None
    assert vit(torch.zeros(2, 1, 8, 8)).logits.shape == (2, 10)
    card = course_weights.card("stories-gpt", folder)
    assert (card["licence"], card["steps"]) == ("CC BY 4.0", 3)


def test_numbers_are_rounded_to_half_precision_only(tmp_path):
    config = GPT2Config(vocabulary=9, width=8, layers=1, heads=2, inner_width=8)
    model = GPT2LMHeadModel(config)
    course_weights.save("gpt", model, None, {}, tmp_path, config=config)
    found = course_weights.load("gpt", tmp_path)[0].state_dict()
    for name, tensor in model.state_dict().items():
        assert torch.equal(found[name], tensor.half().float()), name


def test_unknown_names_get_the_near_ones(folder):
    with pytest.raises(ValueError, match=r"no weights 'story-gpt'; .* stories-gpt$"):
        course_weights.load("story-gpt", folder)
    with pytest.raises(ValueError, match="stories-gpt, vit-digits"):
        course_weights.load("zzz", folder)


def test_damage_is_named(folder):
    path = folder / "stories-gpt" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"model.safetensors is damaged: .*checksum"):
        course_weights.load("stories-gpt", folder)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"model.safetensors is missing"):
        course_weights.load("stories-gpt", folder)
    card = folder / "stories-gpt" / "card.json"
    card.write_text("{")
    with pytest.raises(ValueError, match=r"card.json is damaged"):
        course_weights.load("stories-gpt", folder)


def test_a_card_of_another_model_is_refused(folder):
    path = folder / "vit-digits" / "card.json"
    card = json.loads(path.read_text())
    for change in ({"layers": 2}, {"layers": 0}):
        changed = card | {"config": card["config"] | change}
        path.write_text(json.dumps(changed))
        with pytest.raises(ValueError, match="another model than its card"):
            course_weights.load("vit-digits", folder)
    path.write_text(json.dumps(card | {"model": "os.system"}))
    with pytest.raises(ValueError, match="os.system isn't of this package"):
        course_weights.load("vit-digits", folder)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights(name):
    model, _ = pretrained.load(name)
    assert all(p.isfinite().all() for p in model.parameters())
    card = course_weights.card(name)
    assert card["licence"] and card["recipe"] and card["data"]
    assert card["steps"] > 0 and card["loss"] > 0


def test_all_together_are_small():
    files = course_weights.FOLDER.rglob("*")
    assert sum(file.stat().st_size for file in files if file.is_file()) < LARGEST


def test_the_shakespeare_gpt_reads_as_its_card_says():
    """Every fourth window of the validation part: 109 of 256 characters."""
    if not os.environ.get("COURSE_DATA"):
        pytest.skip("needs COURSE_DATA with tinyshakespeare")
    model, tokenizer = course_weights.load("shakespeare-gpt")
    ids = torch.tensor(tokenizer.encode(tinyshakespeare.load()["validation"]))
    windows = ids.unfold(0, 257, 256)[::4]  # (window, time)
    with torch.no_grad():
        loss = token_loss(model(windows[:, :-1]).logits, windows[:, 1:]).item()
    assert abs(loss - course_weights.card("shakespeare-gpt")["loss"]) < 0.02


def test_the_stories_gpt_reads_as_its_card_says():
    """Every other 384 tokens of the validation stories, as the corpus is now."""
    model, tokenizer = pretrained.load("stories-gpt")
    context = model.config.positions
    texts = [story.text for story in stories.load()["validation"]]
    ids = stories_gpt.joined(tokenizer, texts)
    windows = ids.unfold(0, context + 1, context)[::2]  # (window, time)
    with torch.no_grad():
        loss = token_loss(model(windows[:, :-1]).logits, windows[:, 1:]).item()
    assert abs(loss - course_weights.card("stories-gpt")["loss"]) < 0.02


def test_the_stories_gpt_knows_what_was_given():
    found = stories_gpt.recalled(
        *pretrained.load("stories-gpt"), stories.load()["test"], most=100
    )
    assert found["cases"] == 100 and found["share"] > 0.9


def written(name, texts):
    """What the model `name` writes for texts, or for ids, greedily."""
    model, tokenizer = pretrained.load(name)
    padding, start, end = (
        tokenizer.vocabulary.ids[t] for t in ("<pad>", "<s>", "</s>")
    )
    first = [start] if name == "bart-denoiser" else []
    rows = [t if isinstance(t, list) else tokenizer.encode(t) for t in texts]
    source = nn.utils.rnn.pad_sequence(
        [torch.tensor([*first, *row, end]) for row in rows],
        batch_first=True,
        padding_value=padding,
    )
    lines = greedy(
        model,
        source,
        attention_mask=(source != padding).long(),
        start=end if first else start,
        end=end,
        padding=padding,
        max_new_tokens=source.shape[1] + 20,
    )
    return [
        tokenizer.decode(i, skip_special_tokens=True).strip() for i in lines.tolist()
    ]


def test_the_translator_writes_the_notes_sentence_and_unseen_ones():
    corpus = translations.load()
    pairs = [*translations.NOTES, *corpus["test"][:100]]
    assert not {p.source for p in pairs} & {p.source for p in corpus["train"]}
    found = written("translator", [pair.source for pair in pairs])
    assert pairs[0].source == "Your cat is a lovely cat"
    assert found[0] == "Ton chat est un chat adorable"
    right = [text == pair.target for text, pair in zip(found, pairs, strict=True)]
    assert sum(right) / len(right) > 0.7


def test_the_bart_puts_sentences_back_in_order():
    _, tokenizer = pretrained.load("bart-denoiser")
    known = tokenizer.vocabulary.ids
    stops = [i for token, i in known.items() if token.rstrip('"') in (".", "!", "?")]
    paragraphs = [story.text.split("\n")[0] for story in stories.load()["test"][:40]]
    rng, damaged = torch.Generator().manual_seed(0), []
    for text in paragraphs:
        ids = torch.tensor(tokenizer.encode(text))
        order = torch.randperm(len(denoising.sentences(ids, stops)), generator=rng)
        damaged.append(denoising.permute_sentences(ids, order.tolist(), stops).tolist())
    same = [
        tokenizer.decode(i) == text for i, text in zip(damaged, paragraphs, strict=True)
    ]
    found = written("bart-denoiser", damaged)
    right = [a == b for a, b in zip(found, paragraphs, strict=True)]
    assert sum(right) > sum(same) + 4


def test_the_masked_lm_fills_masks():
    model, _ = pretrained.load("minilm-mlm")
    asked = {
        "He drank a cup of [MASK] in the morning.": "coffee",
        "He is a teacher at the local [MASK].": "school",
        "She opened the door and went into the [MASK].": "kitchen",
        "The cat sat on the [MASK].": "floor",
        "They won the [MASK] after extra time.": "championship",
        "The president of the United [MASK] spoke.": "states",
        "Paris is the [MASK] of France.": "capital",
    }

    def missed(model):
        return [t for t, word in asked.items() if word not in minilm_mlm.fill(model, t)]

    assert missed(model) == []
    assert len(missed(minilm.masked_lm())) > 5


def test_the_vit_reads_digits():
    model, _ = pretrained.load("vit-digits")
    data = digits.load()
    with torch.no_grad():
        found = model(data["test"].images).logits.argmax(-1)
    assert (found == data["test"].labels).float().mean() > 0.93
