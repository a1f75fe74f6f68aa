"""Results are read, grouped and shown as they are: small files, intervals by hand."""

import json
import math
import tomllib
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("agg")

from utils.evaluation.results import Estimate, Results, at, command, least
from utils.viz import results as page
from utils.viz.results.text import literal, shown, signed, table, three

RUN = {
    "date": "2026-01-02T03:04:05+00:00",
    "commit": "0123456789abcdef+",
    "processor": "a processor",
    "cores": 2,
    "threads": 1,
    "versions": {"torch": "2.0"},
    "device": "CPU",
    "preset": "cpu",
    "settings": {"steps": 10},
    "minutes": None,
    "finished": True,
    "took_seconds": 60,
}


def tuned(seed, accuracy, words=0.8, **changes):
    """A run of SST-2."""
    parts = {
        "bag-of-words": {"accuracy": words, "majority": {"accuracy": 0.5}},
        "tuned": {"accuracy": accuracy},
    }
    data = {"name": "sst2", "source": "s", "licence": "l", "splits": {"validation": 20}}
    found = {"value": accuracy, "target": 0.9, "parts": parts, "data": data}
    return RUN | {"seed": seed} | found | changes


def plain(text):
    """What is shown, with spaces where a line must not break."""
    return repr(text).replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def write(tmp_path):
    """Put runs into a results folder; the results."""
    folder = tmp_path / "benchmarks" / "results"
    (folder / "quality").mkdir(parents=True)

    def write(**recipes):
        for name, runs in recipes.items():
            name = name.replace("_", "-")
            record = {"name": name, "what": f"what {name} is", "runs": runs}
            text = json.dumps(record)
            (folder / "quality" / f"{name}.json").write_text(text, "utf-8")
        return Results(folder)

    return write


@pytest.fixture
def alts(monkeypatch):
    """The alt texts of the figures that are shown."""
    found = []

    def display(data, metadata, raw):
        assert data["image/png"].startswith(b"\x89PNG")
        found.append(data["text/plain"].replace("\N{NO-BREAK SPACE}", " "))

    monkeypatch.setattr("IPython.display.display", display)
    return found


def test_seeds_have_students_interval():
    # mean 2, standard deviation 1, t = 4.3027 for two degrees of freedom
    found = Estimate.over_seeds([1.0, 2.0, 3.0])
    assert (found.mean, found.over, found.number) == (2.0, "seeds", 3)
    assert found.high - 2.0 == pytest.approx(4.3027 / math.sqrt(3), abs=1e-4)
    assert 2.0 - found.low == pytest.approx(found.high - 2.0)
    assert not Estimate.over_seeds([1.0]).has_interval
    with pytest.raises(ValueError, match="no values"):
        Estimate.over_seeds([])


def test_shares_have_wilsons_interval():
    # n = 10, 10 right: (p + z²/2n ± …)/(1 + z²/n) ends at 1 and begins at n/(n + z²)
    found = Estimate.of_share(1.0, 10)
    assert found.low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-6)
    assert found.high == pytest.approx(1.0)
    with pytest.raises(ValueError, match="no share of 10"):
        Estimate.of_share(0.55, 10)


def test_runs_are_grouped_by_device_and_sizes(write):
    gpu = {"device": "a GPU", "preset": "gpu-vit"}
    others = [
        tuned(0, 0.7, settings={"steps": 99}),
        tuned(0, 0.8, **gpu, settings={"steps": 10, "kinds": ["vit"]}),
        tuned(0, 0.8, **gpu, settings={"steps": 10, "kinds": ["cnn"]}),
    ]
    groups = write(sst2=[tuned(1, 0.9), tuned(0, 0.95), *others]).groups("sst2")
    told = [(group.device, group.seeds, len(group.runs)) for group in groups]
    cpu = "CPU, 1 thread"
    assert told == [("a GPU", [0], 2), (cpu, [0, 1], 2), (cpu, [0], 1)]
    for name in ("NVIDIA H100 80GB HBM3", "NVIDIA H100"):
        (group,) = write(sst2=[tuned(0, 0.9, device=name)]).groups("sst2")
        assert group.device == "H100"


def test_what_was_tried_on_held_out_training_data_is_no_result(write, alts):
    held_out = [
        tuned(0, x, settings={"rate": rate, "held_out": 10}, device="a GPU")
        for rate, x in ((1e-3, 0.99), (1e-4, 0.75))
    ]
    found = write(sst2=[*held_out, tuned(0, 0.85)])
    assert [group.device for group in found.groups("sst2")] == ["CPU, 1 thread"]
    assert "99.0 %" not in plain(page.overview(found))
    text = plain(page.fine_tuning(found))
    assert "held out of its training set (0.001: 99.0 %, 0.0001: 75.0 %)" in text
    assert plain(page.runs(found)).count("a GPU; a processor") == 2


def test_one_choice_of_sizes_a_device_is_in_the_first_table(write):
    smaller = tuned(0, 0.7, settings={"steps": 5}, preset="smaller")
    text = plain(page.overview(write(sst2=[tuned(0, 0.95), smaller])))
    assert "95.0 %" in text and "70.0 %" not in text


def test_what_does_not_differ_between_seeds_has_no_interval_of_seeds(write):
    (group,) = write(sst2=[tuned(seed, 0.85 + seed / 20) for seed in (0, 1)]).groups(
        "sst2"
    )
    words = group.part("bag-of-words").estimate(at("accuracy"), items=20)
    assert (words.mean, words.over) == (0.8, "items")
    assert group.estimate(at("value"), items=20).over == "seeds"
    assert group.estimate(at("nowhere", "value")) is None
    with pytest.raises(KeyError, match="no part 'frozen'"):
        group.part("frozen")


def test_readers_take_numbers_only():
    record = {"a": {"b": 3, "c": True, "d": "4"}, "curve": [{"x": 2}, {"x": 1}, {}]}
    assert at("a", "b")(record) == 3.0
    assert all(at("a", key)(record) is None for key in "cde")
    assert (least("x")(record), least("y")(record)) == (1, None)


def test_a_target_is_the_runs_or_else_the_recipes(write, tmp_path):
    unfinished = [
        {k: v for k, v in tuned(0, 0.8).items() if k != "target"} | {"finished": False}
    ]
    found = write(sst2=[tuned(0, 0.95)], ag_news=unfinished, cola=unfinished)
    recipes = tmp_path / "benchmarks" / "recipes"
    recipes.mkdir()
    (recipes / "ag_news.py").write_text("import nowhere\nTARGET = {'a': 0.25}\n")
    assert found.target("sst2") == 0.9
    assert found.target("ag-news") == {"a": 0.25}
    assert found.target("cola") is None


def test_the_first_table_says_what_was_missed(write):
    found = write(sst2=[tuned(s, x) for s, x in enumerate((0.85, 0.9, 0.8))])
    text = plain(page.overview(found))
    assert "| 85.0 % (72.6 to 97.4) | ≥ 90.0 % | **missed** | 3 seeds |" in text
    assert "No results yet: `shakespeare`" in text
    found = write(sst2=[tuned(0, 0.95)])
    text = plain(page.overview(found))
    assert "| ≥ 90.0 % | reached | 1 seed, 20 items |" in text


def test_a_loss_above_its_target_is_missed(write):
    curve = [{"step": 5, "validation_loss": x, "seconds": 1.0} for x in (1.6, 1.48)]
    run = RUN | {"seed": 0, "curve": curve, "target": 1.47, "finished": False}
    text = plain(page.overview(write(shakespeare=[run])))
    assert "| 1.480 | ≤ 1.470 | **missed** |" in text


def test_recipes_that_the_page_does_not_know_are_listed(write):
    run = RUN | {"seed": 0, "value": 0.125}
    assert "| what new is | 0.125 |" in plain(page.overview(write(new=[run])))


def test_sections_say_what_is_missing_and_go_on(write, alts):
    found = write(cola=[])
    for name in page.__all__:
        if name not in ("Results", "overview", "runs", "data"):
            text = plain(getattr(page, name)(found))
            assert "python benchmarks/" in text, name
            assert "ot there yet" in text or "yet: `python" in text, name
    begun = [tuned(0, 0.9, parts={})]
    assert "Not finished yet" in plain(page.fine_tuning(write(sst2=begun)))
    assert not alts


def test_tuned_frozen_and_words(write, alts):
    text = plain(page.fine_tuning(write(sst2=[tuned(s, 0.9 + s / 50) for s in (0, 1)])))
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("|")]
    assert [row[1:4] for row in rows[2:]] == [
        ["bag of words", "80.0 % (58.4 to 91.9)", ""],
        ["tuned", "91.0 % (78.3 to 103.7)", "90.0 %"],
    ]
    assert "tuned 91.0 %" in alts[0]


def test_accuracy_by_the_number_of_images(write, alts):
    parts = {
        f"{kind}-{images}": {
            "kind": kind,
            "images": images,
            "parameters": 7,
            "final": {"accuracy": accuracy},
        }
        for kind, images, accuracy in (
            ("vit", 10, 0.5),
            ("vit", 40, 0.8),
            ("cnn", 10, 0.7),
            ("cnn", 40, 0.75),
        )
    }
    run = RUN | {"seed": 0, "parts": parts, "data": {"splits": {"test": 20}}}
    text = plain(page.images(write(digits=[run])))
    assert "| 40 | 80.0 % (58.4 to 91.9) | 75.0 % (53.1 to 88.8) |" in text
    assert "from 50.0 % to 80.0 %" in alts[0]
    assert "quality/cifar10.json" in text
    assert "CNN 7 parameters; equal steps." in text
    text = plain(page.images(write(digits=[run | {"minutes": 5.5}])))
    assert "CNN 7 parameters; 5.5 minutes each." in text


def test_an_official_file_that_differs_is_told(write):
    file = {
        "version": "1.1",
        "model": "m",
        "questions": 10,
        "exact_match": 50.0,
        "published_exact_match": 50.0,
        "f1": 60.0,
        "published_f1": 60.0,
    }
    run = RUN | {"seed": 0, "official": [file, file | {"f1": 60.1}]}
    found = write(squad=[run])
    lines = plain(page.official_squad(found)).splitlines()
    assert [line.split(" | ")[-1] for line in lines[2:]] == ["yes |", "no |"]
    assert "| 1 | ≥ 2 | **missed** |" in plain(page.overview(found))


def test_every_run_names_its_command_commit_and_machine(write):
    found = write(sst2=[tuned(s, 0.9, minutes=7.5) for s in (0, 2)])
    text = plain(page.runs(found))
    typed = "`python benchmarks/quality.py sst2 --preset cpu --seeds 0 2 --minutes 7.5`"
    assert f"{typed} | `012345678+` | 2026-01-02 | CPU, 1 thread; a processor" in text
    crowded = page.runs(write(sst2=[tuned(0, 0.9, others=3, finished=False)]))
    assert "CPU, 1 thread, with up to 3 other trainings; a processor" in plain(crowded)
    assert "60 s, stopped |" in plain(crowded)
    assert command(tuned(0, 0.9), "sst2") == (
        "python benchmarks/quality.py sst2 --preset cpu"
    )
    assert "| `sst2` | sst2 | s | l | validation 20 |" in plain(page.data(found))


def test_a_folder_that_is_not_there_is_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Results(tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("utils.evaluation.results.__file__", str(tmp_path / "a/b/c"))
    monkeypatch.setattr("sysconfig.get_path", {"data": str(tmp_path)}.get)
    with pytest.raises(FileNotFoundError, match="clone the course's repository"):
        Results()
    installed = tmp_path / "share" / "inside-transformers" / "benchmarks" / "results"
    installed.mkdir(parents=True)
    assert Results().folder == installed


def test_results_are_installed_with_the_package():
    root = Path(__file__).resolve().parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())
    installed = {
        (Path(to), path.name)
        for to, globs in project["tool"]["setuptools"]["data-files"].items()
        for pattern in globs
        for path in root.glob(pattern)
    }
    share = Path("share", "inside-transformers")
    written = root.glob("benchmarks/results/**/*.json")
    kept = [p for p in written if not any(".work" in part for part in p.parts)]
    expected = {(share / p.parent.relative_to(root), p.name) for p in kept}
    assert installed == expected != set()


def test_a_broken_file_is_named(write, tmp_path):
    found = write(sst2=[tuned(0, 0.9)])
    (found.folder / "quality" / "torn.json").write_text('{"name": ')
    with pytest.raises(ValueError, match=r"torn\.json is no JSON"):
        _ = found.recipes


def test_text():
    assert literal("a [MASK] *b* $c$\n") == r"a \[MASK\] \*b\* \$c\$"
    assert (signed(-0.04), signed(-0.06), three(-0.5)) == ("+0.0", "−0.1", "−0.500")
    assert shown(None, three) == "—"
    with pytest.raises(ValueError, match="cells under"):
        table(["a", "b"], [["1"]])


def test_five_architectures_and_the_best_baseline(write, alts):
    def run(seed, score):
        part = {"score": score, "parameters": 300_000}
        baselines = {"majority": 0.25, "bag of words": 0.5}
        parts = {"order/gru": part, "order/bert": part | {"score": 0.9}}
        summary = {"order": {"metric": "accuracy"}}
        found = {"parts": parts | {"order/baselines": baselines}, "summary": summary}
        return RUN | {"seed": seed, "sees": {"gru": "both sides"}} | found

    found = write(comparison=[run(0, 0.6), run(1, 0.7)])
    text = plain(page.comparison(found))
    # the half-width is t(1 degree of freedom) = 12.706 times 0.0707 / √2
    assert "| GRU | 65.0 % (1.5 to 128.5) | 300 k |" in text
    assert "| BERT-style | 90.0 % | 300 k |" in text
    assert "| *best baseline* | 50.0 %: bag of words |" in text
    assert "- GRU sees both sides." in text
    assert "order, GRU" in alts[0]


def test_published_figures_are_marked(write):
    spelling = {"replaced": 3, "dropped": 2, "words_changed": 0, "characters": 900}
    run = RUN | {
        "seed": 0,
        "model": "own",
        "accuracy": 0.1,
        "perplexity": 7.9e12,
        "passages": 20,
        "of": 40,
        "cut": 0.5,
        "context": 256,
        "spelling": spelling,
        "published": [
            {
                "model": "GPT-2 117M",
                "perplexity": 35.13,
                "accuracy": 0.4599,
                "of": "last tokens",
                "source": "Radford et al. 2019",
            }
        ],
    }
    text = plain(page.last_words(write(lambada=[run])))
    assert (
        "| `own` | 10.0 % (2.8 to 30.1) | 7.9e+12 | words; 20 of 40 passages |" in text
    )
    assert "| *published* GPT-2 117M (1) | 46.0 % | 35.1 | last tokens |" in text
    assert "1. Radford et al. 2019" in text


def test_robustness_and_stereotypes_are_shares_with_intervals(write, alts):
    figures = {
        "clean": 0.9,
        "random 10%": 0.8,
        "attack: accuracy": 1.0,
        "attack: attacked_accuracy": 0.5,
        "attack: share_changed": 0.125,
        "attack: queries": 4.0,
        "attack: texts": 2,
    }
    data = {"name": "ag", "splits": {"test": 1000}}
    replaced = {"tuned": figures, "bag-of-words": figures | {"clean": 0.7}}
    ag_news = RUN | {"seed": 0, "parts": {"substitution": replaced | {"data": data}}}
    ag_news["settings"] = {"replaced": 10}  # of the 1,000 that there are
    scored = {"all": {"score": 0.6, "ties": 1, "pairs": 10}}
    crows = RUN | {
        "seed": 0,
        "parts": {"m": {"scores": {"shared tokens": scored}}},
        "published": [{"model": "B", "score": 0.605, "source": "s"}],
    }
    found = write(ag_news=[ag_news], crows_pairs=[crows])
    told = plain(page.substitution(found))
    assert "| words | 70.0 % (39.7 to 89.2) | 80.0 % (49.0 to 94.3) |" in told
    assert "| 50.0 % (9.5 to 90.5) | 12.5 % |" in told
    told = plain(page.stereotypes(found))
    assert "| all | 10 | 60.0 % (31.3 to 83.2) |" in told
    assert "| *ties, counted as “no”* |  | 1 |" in told
    assert "B 60.5 %" in told
    assert "words, clean: 70.0 % (39.7 to 89.2)." in alts[0]
    assert "MiniLM tuned, 2 texts attacked: 50.0 % (9.5 to 90.5)." in alts[0]
    assert "m, shared tokens, all: 60.0 % (31.3 to 83.2)." in alts[1]
    assert alts[1].endswith("Published: B 60.5 %.")
    for empty in (page.substitution, page.stereotypes):
        assert "Not there yet" in plain(empty(write_nothing(write)))


def write_nothing(write):
    """Results of an empty folder."""
    found = write()
    for file in found.folder.glob("quality/*.json"):
        file.unlink()
    return Results(found.folder)
