"""Multi30k: 29,000 captions of photographs in English, German and French.

Elliott et al. 2016 and 2017, Barrault et al. 2018 (the tasks of WMT). The English
captions are Flickr30k's, the others were translated from them by professionals.
"""

from __future__ import annotations

from utils.data import hub
from utils.data.dataset import Dataset, check_choice, check_source, text_bytes
from utils.data.examples import Translation
from utils.data.local import read_lines

NAME = "multi30k"
SOURCES = ("local", "hub")
LANGUAGES = ("en", "fr", "de")
FILES = {
    "train": "train",
    "validation": "val",
    "test2016": "test_2016_flickr",
    "test2017": "test_2017_flickr",
    "test2017_coco": "test_2017_mscoco",
    "test2018": "test_2018_flickr",
}
# The hub's copy (bentrevett/multi30k) has no French and one test set: these are the
# authors' own files, those that `local` reads.
URL = (
    "https://raw.githubusercontent.com/multi30k/dataset/"
    "a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw/{file}.{language}.gz"
)


def load(
    source: str = "local", languages: tuple[str, str] = ("en", "fr")
) -> Dataset[Translation]:
    """Captions with their translations; four test sets of three years.

    Args:
        source: "local" or "hub".
        languages: from which and into which, of "en", "fr" and "de".

    Raises:
        ValueError: a source or a language it doesn't have, or the same one twice.
        DataUnavailable: a file is missing or damaged, or there is no network.
    """
    check_source(NAME, source, SOURCES)
    for language in languages:
        check_choice("languages", language, LANGUAGES)
    if len(set(languages)) != 2:
        raise ValueError(f"languages must be two different ones, were {languages}")
    read = _local if source == "local" else _hub
    first, second = (read(language) for language in languages)
    splits = {
        split: [
            Translation(one.strip(), other.strip())
            for one, other in zip(first[split], second[split], strict=True)
        ]
        for split in FILES
    }
    where = (
        f"COURSE_DATA/{NAME}" if source == "local" else "github.com/multi30k/dataset"
    )
    return Dataset(
        name=f"{NAME} {languages[0]}-{languages[1]}",
        splits=splits,
        source=f"{source} ({where})",
        licence="none stated; captions from Flickr30k: research use",
        bytes=text_bytes(splits),
    )


def _local(language: str) -> dict[str, list[str]]:
    return {
        split: read_lines(NAME, f"{file}.{language}.gz", SOURCES)
        for split, file in FILES.items()
    }


def _hub(language: str) -> dict[str, list[str]]:
    urls = {
        split: URL.format(file=file, language=language) for split, file in FILES.items()
    }
    data = hub.load("text", data_files=urls, sources=SOURCES)
    return {split: data[split]["text"] for split in FILES}
