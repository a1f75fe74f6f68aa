"""A token a character, there and back, from a file too."""

import pytest

from utils.tokenizers import Characters, SpecialTokens, UnknownToken

TEXTS = ["To be,\nor not", "été"]


def test_there_and_back(tmp_path):
    tokenizer = Characters.train(TEXTS)
    assert tokenizer.vocabulary.tokens == sorted(set("".join(TEXTS)))
    ids = tokenizer.encode("not été")
    assert len(ids) == 7 and tokenizer.decode(ids) == "not été"
    tokenizer.save(tmp_path)
    again = Characters.load(tmp_path)
    assert again.vocabulary.tokens == tokenizer.vocabulary.tokens
    assert again.encode("not été") == ids


def test_special_tokens_are_one_token(tmp_path):
    special = SpecialTokens(pad="<pad>", unk="<unk>")
    Characters.train(TEXTS, special).save(tmp_path)
    tokenizer = Characters.load(tmp_path)
    assert tokenizer.special == special
    assert tokenizer.encode("t<pad>z") == [tokenizer.vocabulary.ids["t"], 0, 1]
    batch = tokenizer(["to", "t"], padding=True)
    assert batch["attention_mask"] == [[1, 1], [1, 0]]


def test_what_is_wrong_is_named(tmp_path):
    with pytest.raises(UnknownToken, match="'z'"):
        Characters.train(TEXTS).encode("z")
    with pytest.raises(TypeError, match="one str"):
        Characters.train("text")
    (tmp_path / "vocab.json").write_text('{"a": 0, "b"')
    with pytest.raises(ValueError, match="damaged"):
        Characters.load(tmp_path)
