"""The corpora that grammars write: form, splits, and what words alone can do."""

import hashlib
import json
from collections import Counter
from dataclasses import astuple, is_dataclass

import pytest
import torch
from seqeval.metrics import f1_score
from sklearn.linear_model import LogisticRegression

from utils.data import baselines
from utils.data.corpora import entities, leaks, paragraphs, questions, reviews
from utils.data.corpora.leaks import words
from utils.objectives.next_sentence import next_sentence_pairs, sentence_order_pairs

CORPORA = [reviews, entities, questions, paragraphs]
SPLITS = ("train", "validation", "test")
# Of the splits as JSON: they must not depend on the version of Python or the machine.
SHA256 = {
    "reviews": "3ccdd77cdb7b3a674dad17405a66172c23473bd79dc59c8c896e86ab486a726c",
    "entities": "f5fc62c561d90c2f8650fb42b7b249ab50b0ae045a5462cc4ef35f69bdd3d4c2",
    "questions": "6980f905f148881d65abe09f52a2631acfa24b917442c77d688233b689122084",
    "paragraphs": "5402486d708b0051ae15de1c516fbfab7ff56b5beacf1577f2eae6c343cea169",
}


@pytest.fixture(scope="module")
def loaded():
    return {corpus.NAME: corpus.load() for corpus in CORPORA}


def texts(example):
    """The text of an example that must not be in two splits."""
    if isinstance(example, tuple):
        return " ".join(example)
    for name in ("context", "tokens"):
        if hasattr(example, name):
            found = getattr(example, name)
            return found if isinstance(found, str) else " ".join(found)
    return reviews.text(example)


def fingerprint(dataset):
    rows = {
        split: [astuple(e) if is_dataclass(e) else e for e in dataset[split]]
        for split in dataset
    }
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda c: c.NAME)
class TestEvery:
    def test_says_what_it_is(self, corpus, loaded):
        dataset = loaded[corpus.NAME]
        assert tuple(dataset) == SPLITS
        assert dataset.licence == "CC BY 4.0"
        assert dataset.source.startswith("embedded")

    def test_is_the_same_everywhere(self, corpus, loaded):
        assert fingerprint(loaded[corpus.NAME]) == SHA256[corpus.NAME]

    def test_follows_its_seed(self, corpus, loaded):
        assert fingerprint(corpus.load(seed=1)) != fingerprint(loaded[corpus.NAME])

    def test_leaks_nothing(self, corpus, loaded):
        splits = {
            split: list(dict.fromkeys(map(texts, rows)))
            for split, rows in loaded[corpus.NAME].splits.items()
        }
        assert leaks.find(splits) == []
        splits["test"].append(splits["train"][7])
        assert [leak.other_index for leak in leaks.find(splits)] == [7]

    def test_repeats_nothing(self, corpus, loaded):
        for split in SPLITS:
            rows = list(dict.fromkeys(map(texts, loaded[corpus.NAME][split])))
            assert list(leaks.repeats(rows)) == []

    def test_has_sentences_that_are_finished(self, corpus, loaded):
        for split in SPLITS:
            for text in map(texts, loaded[corpus.NAME][split]):
                assert not set("{}<>|[]_") & set(text), text
                assert "  " not in text, text
                assert text[0] == '"' or text[0].isupper() or text[0].isdigit(), text
                assert text[-1] in ".?!", text

    def test_has_no_other_source(self, corpus):
        with pytest.raises(ValueError, match=f"{corpus.NAME} comes from embedded, not"):
            corpus.load("hub")


class TestReviews:
    def test_counts(self, loaded):
        found = loaded["reviews"]
        assert [len(found[split]) for split in SPLITS] == [2000, 300, 500]
        for split in SPLITS:
            labels = Counter(review.label for review in found[split])
            assert labels[0] == labels[1]

    def test_words_alone_do_not_tell(self, loaded):
        train, test = (
            ([reviews.text(r) for r in rows], [r.label for r in rows])
            for rows in (loaded["reviews"]["train"], loaded["reviews"]["test"])
        )
        found = baselines.accuracies(train, test)
        assert found["majority"] == 0.5
        assert 0.56 < found["bag of words"] < 0.67
        assert 0.62 < found["words and bigrams"] < 0.73
        assert 0.62 < found["up to 4-grams"] < 0.73

    def test_words_are_kept_from_training_but_no_form_that_decides(self, loaded):
        train, test = (
            " ".join(map(reviews.text, loaded["reviews"][split]))
            for split in ("train", "test")
        )
        for word in ("superb", "dreadful", "wristwatch", "Penwell"):
            assert word not in train and word in test, word
        for form in ("even if", "hardly matters", "whereas", "to be false", "At first"):
            assert form in train, form

    def test_some_labels_need_title_and_content(self, loaded):
        """The same title with either label, and contents that leave it open."""
        rows = loaded["reviews"]["train"]
        labels = {}
        for review in rows:
            labels.setdefault(review.title, set()).add(review.label)
        for title in ("They were right", "They were wrong", "None of it true"):
            assert labels[title] == {0, 1}


class TestEntities:
    def test_counts(self, loaded):
        found = loaded["entities"]
        assert [len(found[split]) for split in SPLITS] == [700, 150, 250]
        kinds = {tag for split in SPLITS for s in found[split] for tag in s.tags}
        assert kinds == set(entities.TAGS)

    def test_tags_are_well_formed(self, loaded):
        for split in SPLITS:
            for sentence in loaded["entities"][split]:
                before = "O"
                for tag in sentence.tags:
                    if tag.startswith("I-"):
                        assert before[2:] == tag[2:], sentence
                    before = tag

    def test_a_name_is_of_several_kinds(self, loaded):
        kinds = {}
        for sentence in loaded["entities"]["train"]:
            for token, tag in zip(sentence.tokens, sentence.tags, strict=True):
                kinds.setdefault(token, set()).add(tag)
        for name in ("Washington", "Georgia", "Amazon", "Chelsea", "Morgan"):
            assert len(kinds[name] & {"B-PER", "B-LOC", "B-ORG"}) > 1, name
        names = [name for name, tags in kinds.items() if len(tags) > 1 and "O" in tags]
        assert len(set(names) - {"of", "&", ",", "'s", "City"}) >= 10

    def test_names_known_by_heart_are_not_enough(self, loaded):
        train, test = loaded["entities"]["train"], loaded["entities"]["test"]
        gold = [list(sentence.tags) for sentence in test]
        tags = baselines.commonest_tags(train, test)
        assert 0.2 < f1_score(gold, tags) < 0.4
        assert 0.3 < f1_score(gold, baselines.dictionary_tags(train, test)) < 0.5
        # The baselines work: on what they have seen they do much better.
        again = baselines.dictionary_tags(train, train)
        assert f1_score([list(s.tags) for s in train], again) > 0.75


class TestQuestions:
    def test_counts(self, loaded):
        found = loaded["questions"]
        assert [len(found[split]) for split in SPLITS] == [600, 120, 240]
        for split in SPLITS:
            without = sum(question.impossible for question in found[split])
            assert without == len(found[split]) // 5
        answered = questions.load(impossible=False)
        assert [len(answered[split]) for split in SPLITS] == [480, 96, 192]
        ids = [question.id for split in SPLITS for question in found[split]]
        assert len(set(ids)) == len(ids)

    def test_spans_are_exact(self, loaded):
        for split in SPLITS:
            for question in loaded["questions"][split]:
                for answer in question.answers:
                    end = answer.start + len(answer.text)
                    assert question.context[answer.start : end] == answer.text
                    before = question.context[answer.start - 1 : answer.start]
                    assert not (before + question.context[end]).isalnum()

    def test_there_are_others_of_the_kind(self, loaded):
        """Years and names of people besides the answer."""
        for question in loaded["questions"]["test"]:
            context = question.context
            assert len({w for w in words(context) if w.isdigit() and len(w) == 4}) > 1

    def test_common_words_are_not_enough(self, loaded):
        asked = [q for q in loaded["questions"]["test"] if q.answers]
        answers = [(baselines.answer_by_overlap(q), q.answers[0].text) for q in asked]
        exact = sum(content(a) == content(b) for a, b in answers) / len(answers)
        overlap = sum(f1(content(a), content(b)) for a, b in answers) / len(answers)
        assert 0.2 < exact < 0.4
        assert exact < overlap < 0.45


def content(text):
    return [word for word in words(text) if word not in ("a", "an", "the")]


def f1(found, gold):
    common = sum((Counter(found) & Counter(gold)).values())
    return 2 * common / (len(found) + len(gold))


@pytest.fixture(scope="module")
def pairs(loaded):
    """Next sentence and sentence order, each for training and for test."""

    def both(make):
        return [
            make(loaded["paragraphs"][split], torch.Generator().manual_seed(0))
            for split in ("train", "test")
        ]

    return {"next": both(next_sentence_pairs), "order": both(sentence_order_pairs)}


class TestParagraphs:
    def test_counts(self, loaded):
        found = loaded["paragraphs"]
        assert [len(found[split]) for split in SPLITS] == [1000, 150, 250]
        assert {len(p) for split in SPLITS for p in found[split]} == {5}

    def alike(self, loaded, pairs):
        """Accuracy of topic words, on topics that training doesn't have."""
        sides = []
        for split, rows in zip(("train", "test"), pairs, strict=True):
            documents = [" ".join(p) for p in loaded["paragraphs"][split]]
            sentences = [(pair.first, pair.second) for pair in rows]
            features = baselines.topic_features(documents, sentences)
            sides.append((features, [pair.label for pair in rows]))
        return LogisticRegression().fit(*sides[0]).score(*sides[1])

    def test_topic_words_tell_what_follows_but_not_the_order(self, loaded, pairs):
        assert self.alike(loaded, pairs["next"]) > 0.93
        assert 0.45 < self.alike(loaded, pairs["order"]) < 0.55

    def test_bags_of_the_two_sentences_hardly_tell_the_order(self, pairs):
        train, test = (
            (
                [in_two_bags(p.first, p.second) for p in rows],
                [p.label for p in rows],
            )
            for rows in pairs["order"]
        )
        assert 0.5 < baselines.bag_of_words().fit(*train).score(*test) < 0.64

    def test_what_refers_tells_the_order(self, pairs):
        """A rule that reads both: "a key" comes before "the key"."""
        train, test = pairs["order"]
        right = [first_by_reference(p.first, p.second) == p.label for p in test]
        assert sum(right) / len(right) > 0.9


def in_two_bags(first, second):
    return " ".join([f"1{w}" for w in words(first)] + [f"2{w}" for w in words(second)])


def first_by_reference(first, second):
    """0 if the second takes up what the first brings in, 1 if it is the other way."""
    return int(taken_up(second, first) > taken_up(first, second))


def taken_up(one, other):
    """How many words stand after "a" in one and after "the" in the other."""
    pairs = [zip(words(text), words(text)[1:], strict=False) for text in (one, other)]
    brought = {word for before, word in pairs[0] if before in ("a", "an")}
    return len(brought & {word for before, word in pairs[1] if before == "the"})
