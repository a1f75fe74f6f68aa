"""The same few examples in the form of each source, quirks included."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from datasets import ClassLabel, Features, List, Value

from utils.data import (
    ag_news,
    crows_pairs,
    dialogsum,
    glue,
    instruction,
    lambada,
    multi30k,
    squad,
    textfooler,
    tinyshakespeare,
    wikitext,
    wnut17,
)
from utils.data.crows_pairs import SentencePair
from utils.data.examples import (
    Answer,
    Instruction,
    LabelledText,
    LastWord,
    Question,
    Summary,
    TaggedSentence,
    Translation,
)


@dataclass
class Hub:
    """A repository: where the loader has its name, and what is in it."""

    module: Any
    files: dict[str, Any]
    """text, or columns of a Parquet file"""
    features: Features | None = None
    config: str | None = None
    """if there are several, which the README lists"""
    name: str = "HUB"
    key: str | None = None
    suffix: str = ""


@dataclass
class Case:
    """One data set."""

    load: Callable[..., Any]
    expected: dict[str, Any]
    local: dict[str, str | bytes] = field(default_factory=dict)
    local_splits: tuple[str, ...] = ()
    hub: Hub | None = None


PLAY = (
    "First Citizen:\nSpeak, speak.\n\nAll:\n" + "We are accounted poor citizens.\n" * 3
)
START = int(0.9 * len(PLAY))

SST2 = {
    "train": [LabelledText("it 's a delight", 1), LabelledText('a "mess', 0)],
    "validation": [LabelledText("unflinchingly bleak and desperate", 0)],
}
COLA = {
    "train": [LabelledText("They drank the pub dry.", 1)],
    "validation": [
        LabelledText("They drank the pub.", 0),
        LabelledText('What did "he" do?', 1),
    ],
}
NEWS = {
    "train": [LabelledText('A "Music Manifesto" at last.', 0)],
    "test": [
        LabelledText("Tabs\tand\\backslashes", 3),
        LabelledText("Shares fell.", 2),
        LabelledText("They won\u2028again.", 1),
    ],
}
WIKI = {
    "validation": ["", "= Homarus =", "", "The <unk> lobster , or common lobster ."],
    "test": ["= Robert =", "He acted\u2028in 2000 ."],
}
CAPTIONS = {
    split: [
        Translation(f"A man {i} in a {file}.", f"Un homme {i} à côté\u2028de {file}.")
        for i in range(2)
    ]
    for split, file in multi30k.FILES.items()
}
NAMES = {
    "train": [
        TaggedSentence(("Empire", "State", "!"), ("B-location", "I-location", "O")),
        TaggedSentence(("\ufe0f", "ok"), ("O", "O")),
    ],
    "validation": [TaggedSentence(("Stranger",), ("B-creative-work",))],
    "test": [TaggedSentence(("&", "gt"), ("O", "O"))],
}
SENSE = "The kiln cools. The kiln is lit at dawn."
QUESTIONS = {
    "validation": [
        Question("a1", "When?", SENSE, (Answer("at dawn", 32),), "Kiln"),
        Question("a2", "What?", SENSE, (), "Kiln"),
    ]
}
TALK = "#Person1#: Hi.\n#Person2#: Hello."
TALKS = {
    "validation": [Summary(TALK, ("They greet.",), "greeting")],
    "test": [
        Summary(TALK, ("They meet.", "Both greet.", "Greetings."), "meeting"),
        Summary(TALK + "!", ("They shout.", "Both shout.", "Shouts."), "shouting"),
    ],
}
PAIRS = {
    "test": [
        SentencePair('"He" left,\r\nsaid A.', '"He" left,\r\nsaid B.', False, "gender"),
        SentencePair("A is old.", "B is old.", True, "age"),
    ]
}


def gz(lines: list[str]) -> str:
    """Lines with an end each."""
    return "".join(f"{line}\n" for line in lines)


def tsv(rows: list[Any], header: str = "") -> str:
    """SST-2's lines: a space after each text."""
    return header + gz([f"{row.text} \t{row.label}" for row in rows])


def cola_tsv(rows: list[Any]) -> str:
    marks = {0: "*", 1: ""}
    return gz([f"gj04\t{row.label}\t{marks[row.label]}\t{row.text}" for row in rows])


def labelled(rows: list[Any], column: str) -> dict[str, list[Any]]:
    return {
        column: [f"{row.text} " for row in rows],
        "label": [row.label for row in rows],
        "idx": list(range(len(rows))),
    }


def news_tsv(rows: list[Any]) -> str:
    return gz(
        [
            '"' + row.text.replace('"', '""') + '"\t' + ag_news.LABELS[row.label]
            for row in rows
        ]
    )


def conll(rows: list[Any], blank: str = "") -> str:
    return "".join(
        gz([f"{token}\t{tag}" for token, tag in zip(row.tokens, row.tags, strict=True)])
        + f"{blank}\n"
        for row in rows
    )


def names_columns(rows: list[Any]) -> dict[str, list[Any]]:
    return {
        "id": [str(i) for i in range(len(rows))],
        "tokens": [list(row.tokens) for row in rows],
        "ner_tags": [[wnut17.LABELS.index(tag) for tag in row.tags] for row in rows],
    }


def squad_json(questions: list[Any], start: bool) -> str:
    qas = [
        {
            "id": q.id,
            "question": q.question,
            "answers": [
                {"text": a.text, "answer_start": a.start if start else None}
                for a in q.answers
            ],
        }
        for q in questions
    ]
    paragraphs = [{"context": SENSE, "qas": qas}]
    return json.dumps({"data": [{"title": "Kiln", "paragraphs": paragraphs}]})


def squad_columns(questions: list[Any]) -> dict[str, list[Any]]:
    return {
        "id": [q.id for q in questions],
        "title": [q.title for q in questions],
        "context": [q.context for q in questions],
        "question": [q.question for q in questions],
        "answers": [
            {
                "text": [a.text for a in q.answers],
                "answer_start": [a.start for a in q.answers],
            }
            for q in questions
        ],
    }


def dialogue_lines(row: Any, several: bool) -> str:
    if several:
        more = {f"summary{i}": text for i, text in enumerate(row.summaries, start=1)}
        more |= {f"topic{i}": row.topic if i == 1 else "other" for i in (1, 2, 3)}
    else:
        more = {"summary": row.summaries[0], "topic": row.topic}
    return json.dumps({"fname": "x", "dialogue": row.document} | more)


def dialogue_columns(split: str, rows: list[Any]) -> dict[str, list[str]]:
    flat = [
        {
            "id": f"{split}_{i}" + (f"_{j}" if len(row.summaries) > 1 else ""),
            "dialogue": row.document,
            "summary": summary,
            "topic": row.topic if j == 1 else "other",
        }
        for i, row in enumerate(rows)
        for j, summary in enumerate(row.summaries, start=1)
    ]
    return {key: [row[key] for row in flat] for key in flat[0]}


def pairs_csv(pairs: list[Any]) -> str:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    lines = [",sent_more,sent_less,stereo_antistereo,bias_type"]
    for i, pair in enumerate(pairs):
        way = "antistereo" if pair.antistereotype else "stereo"
        lines.append(f"{i},{quoted(pair.more)},{quoted(pair.less)},{way},{pair.bias}")
    return gz(lines)


TEXTS = {
    "openai": [
        LastWord("A line.\n\n\"It's", 'Max"'),
        LastWord("She", "said\n\n“I"),
    ],
    "original": [LastWord("`` it 's", "max"), LastWord("she said `` not", "i")],
}

CAPTION_FILES = {
    f"multi30k/{file}.{language}.gz": gz(
        [f"{getattr(row, side)} " for row in CAPTIONS[split]]
    )
    for split, file in multi30k.FILES.items()
    for language, side in (("en", "source"), ("fr", "target"))
}

CASES = {
    "tinyshakespeare": Case(
        tinyshakespeare.load,
        {"train": PLAY[:START], "validation": PLAY[START:]},
        {"tinyshakespeare/input.txt": PLAY},
        ("train", "validation"),
        Hub(tinyshakespeare, {"input.txt": PLAY}, name="URL", suffix="/input.txt"),
    ),
    "sst2": Case(
        partial(glue.load, "sst2"),
        SST2,
        {
            "sst2_glue/train.tsv.gz": tsv(SST2["train"], "sentence\tlabel\n"),
            "sst2_glue/dev.tsv": tsv(SST2["validation"], "sentence\tlabel\n"),
        },
        ("train", "validation"),
        Hub(
            glue,
            {
                "sst2/train-0.parquet": labelled(SST2["train"], "sentence"),
                "sst2/validation-0.parquet": labelled(SST2["validation"], "sentence"),
                "sst2/test-0.parquet": labelled([LabelledText("?", -1)], "sentence"),
            },
            Features(
                sentence=Value("string"),
                label=ClassLabel(names=["negative", "positive"]),
                idx=Value("int32"),
            ),
            config="sst2",
        ),
    ),
    "cola": Case(
        partial(glue.load, "cola"),
        COLA,
        {
            "cola/in_domain_train.tsv": cola_tsv(COLA["train"]),
            "cola/in_domain_dev.tsv": cola_tsv(COLA["validation"][:1]),
            "cola/out_of_domain_dev.tsv": cola_tsv(COLA["validation"][1:]),
        },
        ("train", "validation"),
        Hub(
            glue,
            {
                "cola/train-0.parquet": labelled(COLA["train"], "sentence"),
                "cola/validation-0.parquet": labelled(COLA["validation"], "sentence"),
                "cola/test-0.parquet": labelled([LabelledText("?", -1)], "sentence"),
            },
            config="cola",
        ),
    ),
    "mnli": Case(
        partial(glue.load, "mnli"),
        {
            "train": [LabelledText("It rains.", 2, "It is dry.")],
            "validation_matched": [LabelledText("It rains.", 0, "It is wet.")],
            "validation_mismatched": [LabelledText("It rains.", 1, "It is May.")],
        },
        hub=Hub(
            glue,
            {
                f"mnli/{split}-0.parquet": {
                    "premise": ["It rains."],
                    "hypothesis": [f"{hypothesis} "],
                    "label": [label],
                    "idx": [0],
                }
                for split, hypothesis, label in (
                    ("train", "It is dry.", 2),
                    ("validation_matched", "It is wet.", 0),
                    ("validation_mismatched", "It is May.", 1),
                    ("test_matched", "?", -1),
                    ("test_mismatched", "?", -1),
                )
            },
            config="mnli",
        ),
    ),
    "stsb": Case(
        partial(glue.load, "stsb"),
        {
            "train": [LabelledText("A plane.", 4.75, "An air plane.")],
            "validation": [LabelledText("A man.", 0.0, "A flute.")],
        },
        hub=Hub(
            glue,
            {
                f"stsb/{split}-0.parquet": {
                    "sentence1": [first],
                    "sentence2": [second],
                    "label": [label],
                    "idx": [0],
                }
                for split, first, second, label in (
                    ("train", "A plane.", "An air plane.", 4.75),
                    ("validation", "A man.", "A flute.", 0.0),
                    ("test", "?", "?", -1.0),
                )
            },
            config="stsb",
        ),
    ),
    "agnews": Case(
        ag_news.load,
        NEWS,
        {
            "agnews/heldout_from_train_10k.tsv.gz": news_tsv(NEWS["train"]),
            "agnews/test.tsv.gz": news_tsv(NEWS["test"]),
        },
        ("train", "test"),
        Hub(
            ag_news,
            {
                f"data/{split}-0.parquet": {
                    "text": [row.text for row in rows],
                    "label": [row.label for row in rows],
                }
                for split, rows in NEWS.items()
            },
            Features(text=Value("string"), label=ClassLabel(names=[*ag_news.LABELS])),
        ),
    ),
    "wikitext2": Case(
        wikitext.load,
        WIKI | {"train": ["= Valkyria ="]},
        {
            "wikitext2/valid.txt.gz": gz([f" {line} " for line in WIKI["validation"]]),
            "wikitext2/test.txt.gz": gz([f" {line} " for line in WIKI["test"]]),
        },
        ("validation", "test"),
        Hub(
            wikitext,
            {
                f"wikitext-2-v1/{split}-0.parquet": {
                    "text": [f" {line} \n" if line else "" for line in lines]
                }
                for split, lines in (WIKI | {"train": ["= Valkyria ="]}).items()
            },
            config="wikitext-2-v1",
        ),
    ),
    "lambada openai": Case(
        lambada.load,
        {"test": TEXTS["openai"]},
        {
            "lambada/lambada_test.jsonl.gz": gz(
                [json.dumps({"text": row.text}) for row in TEXTS["openai"]]
            )
        },
        ("test",),
        Hub(
            lambada,
            {
                "default/test/0000.parquet": {
                    "text": [row.text for row in TEXTS["openai"]]
                }
            },
            key="openai",
        ),
    ),
    "lambada original": Case(
        partial(lambada.load, version="original"),
        {"validation": TEXTS["original"][:1], "test": TEXTS["original"]},
        {
            "lambada/lambada_development_plain_text.txt.gz": gz(
                [row.text for row in TEXTS["original"][:1]]
            ),
            "lambada/lambada_test_plain_text.txt.gz": gz(
                [row.text for row in TEXTS["original"]]
            ),
        },
        ("validation", "test"),
        Hub(
            lambada,
            {
                f"plain_text/{split}-00000-of-00001.parquet": {
                    "text": [row.text for row in rows],
                    "domain": ["None"] * len(rows),
                }
                for split, rows in (
                    ("train", TEXTS["openai"]),
                    ("validation", TEXTS["original"][:1]),
                    ("test", TEXTS["original"]),
                )
            },
            key="original",
        ),
    ),
    "multi30k": Case(
        multi30k.load,
        CAPTIONS,
        CAPTION_FILES,
        tuple(multi30k.FILES),
        Hub(
            multi30k, CAPTION_FILES, name="URL", suffix="/multi30k/{file}.{language}.gz"
        ),
    ),
    "wnut17": Case(
        wnut17.load,
        NAMES,
        {
            "wnut17/wnut17train.conll": conll(NAMES["train"], "\t"),
            "wnut17/emerging.dev.conll": conll(NAMES["validation"]),
            "wnut17/emerging.test.annotated": conll(NAMES["test"]),
        },
        ("train", "validation", "test"),
        Hub(
            wnut17,
            {
                f"wnut_17/{split}/0000.parquet": names_columns(rows)
                for split, rows in NAMES.items()
            },
            Features(
                id=Value("string"),
                tokens=List(Value("string")),
                ner_tags=List(ClassLabel(names=[*wnut17.LABELS])),
            ),
        ),
    ),
    "squad 1.1": Case(
        squad.load,
        {split: QUESTIONS["validation"][:1] for split in ("train", "validation")},
        {
            "squad/dev-v1.1.from-explorer.json.gz": squad_json(
                QUESTIONS["validation"][:1], start=True
            )
        },
        ("validation",),
        Hub(
            squad,
            {
                f"plain_text/{split}-0.parquet": squad_columns(
                    QUESTIONS["validation"][:1]
                )
                for split in ("train", "validation")
            },
            key="1.1",
        ),
    ),
    "squad 2.0": Case(
        partial(squad.load, version="2.0"),
        {split: QUESTIONS["validation"] for split in ("train", "validation")},
        {
            "squad/dev-v2.0.from-explorer.json.gz": squad_json(
                QUESTIONS["validation"], start=True
            )
        },
        ("validation",),
        Hub(
            squad,
            {
                f"squad_v2/{split}-0.parquet": squad_columns(QUESTIONS["validation"])
                for split in ("train", "validation")
            },
            key="2.0",
        ),
    ),
    "dialogsum": Case(
        dialogsum.load,
        TALKS | {"train": TALKS["validation"]},
        {
            "dialogsum/dialogsum.dev.jsonl": gz(
                [dialogue_lines(row, several=False) for row in TALKS["validation"]]
            ),
            "dialogsum/dialogsum.test.jsonl": gz(
                [dialogue_lines(row, several=True) for row in TALKS["test"]]
            ),
        },
        ("validation", "test"),
        Hub(
            dialogsum,
            {
                f"data/{split}-0.parquet": dialogue_columns(split, rows)
                for split, rows in (TALKS | {"train": TALKS["validation"]}).items()
            },
        ),
    ),
    "crows_pairs": Case(
        crows_pairs.load,
        PAIRS,
        {"crows_pairs/crows_pairs_anonymized.csv": pairs_csv(PAIRS["test"])},
        ("test",),
        Hub(
            crows_pairs,
            {
                "crows_pairs/test/0000.parquet": {
                    "sent_more": [pair.more for pair in PAIRS["test"]],
                    "sent_less": [pair.less for pair in PAIRS["test"]],
                    "stereo_antistereo": [0, 1],
                    "bias_type": [
                        crows_pairs.BIASES.index(pair.bias) for pair in PAIRS["test"]
                    ],
                }
            },
        ),
    ),
    "textfooler imdb": Case(
        textfooler.load,
        {"test": [LabelledText("a dull , dull film", 0), LabelledText('"ok\\n"', 1)]},
        {"textfooler_1k/imdb.gz": '0 a dull , dull film\n1 "ok\\n"\n'},
        ("test",),
    ),
    "textfooler mnli": Case(
        partial(textfooler.load, "mnli"),
        {"test": [LabelledText("it rains", 2, "it is dry")]},
        {"textfooler_1k/mnli": "2\tit rains\tit is dry\n"},
        ("test",),
    ),
    "textfooler snli": Case(
        partial(textfooler.load, "snli"),
        {"test": [LabelledText("it rains", 2, "it is dry")]},
        {"textfooler_1k/snli": "contradiction\tit rains\tit is dry\n"},
        ("test",),
    ),
    "instruction": Case(
        instruction.load,
        {
            "train": [Instruction("Add.", f"{i}", "1") for i in range(17)],
            "test": [Instruction("Add.", f"{i}", "1") for i in (17, 18)],
            "validation": [Instruction("Add.", "19", "1")],
        },
        {
            "instruction/instruction-data.json": json.dumps(
                [
                    {"instruction": "Add.", "input": f"{i}", "output": "1"}
                    for i in range(20)
                ]
            )
        },
        ("train", "validation", "test"),
    ),
}
