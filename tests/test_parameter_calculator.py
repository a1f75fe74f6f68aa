"""The calculator of lesson 22, as stored: a browser computes what the ledger does."""

from __future__ import annotations

import json
import random
import shutil

import pytest

from utils import ledger
from utils.notebooks.files import ROOT, read

playwright = pytest.importorskip("playwright.sync_api")
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no browser")

FIGURE = 'data-figure="parameter_calculator"'
KINDS = {"decoder, as GPT-2": "gpt2", "encoder, as BERT": "bert-base-mlm"}
DATA = '<script type="application/json">'


@pytest.fixture(scope="module")
def stored():
    outputs = [
        "".join(output.data["text/html"])
        for cell in read(ROOT / "lessons" / "22_parameter_counts.ipynb").cells
        for output in cell.get("outputs", [])
        if FIGURE in "".join(output.get("data", {}).get("text/html", ""))
    ]
    assert len(outputs) == 1
    return outputs[0]


@pytest.fixture
def page(tmp_path):
    with playwright.sync_playwright() as p:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = p.chromium.launch(executable_path=BROWSER, args=options)
        page = browser.new_page()

        def show(html):
            (tmp_path / "page.html").write_text(html, encoding="utf-8")
            page.goto((tmp_path / "page.html").as_uri())
            return page

        yield show
        browser.close()


def shown(page) -> int:
    return int(page.locator(".say strong").inner_text().replace(",", ""))


def choose(page, options, kind, sizes, switches):
    page.select_option(".family", kind)
    for letter, value in sizes.items():
        slider = page.locator(f"input[data-letter={letter}]")
        slider.fill(str(options[letter].index(value)))
    for name, wanted in switches.items():
        button = page.locator(f"button[data-name={name}]")
        if (button.get_attribute("aria-pressed") == "true") != wanted:
            button.click()


def expected(kind, sizes, switches):
    return ledger.parameters(
        KINDS[kind],
        layers=1 if switches["shared"] else sizes["L"],
        width=sizes["d"],
        heads=1,
        inner_width=sizes["m"] * sizes["d"],
        vocabulary=sizes["V"],
        positions=sizes["n"],
        tied=switches["tied"],
        biases=switches["biases"],
    )


def test_any_setting_gives_the_ledgers_total(stored, page):
    opened, pick = page(stored), random.Random(1)
    options = json.loads(stored.split(DATA)[1].split("</script>")[0])["options"]
    for _ in range(25):
        kind = pick.choice(sorted(KINDS))
        sizes = {letter: pick.choice(values) for letter, values in options.items()}
        switches = {n: pick.random() < 0.5 for n in ("tied", "biases", "shared")}
        choose(opened, options, kind, sizes, switches)
        assert shown(opened) == expected(kind, sizes, switches), (sizes, switches)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("GPT-2", "gpt2"),
        ("GPT-2 XL", "gpt2-xl"),
        ("GPT-3", "gpt3"),
        ("BERT-base", "bert-base-mlm"),
    ],
)
def test_presets_are_the_models_they_name(stored, page, name, model):
    opened = page(stored)
    opened.select_option(".preset", name)
    assert shown(opened) == ledger.parameters(model)


def test_it_says_whether_it_agrees(stored, page):
    assert "200 settings" in page(stored).inner_text(".more")
    assert "all equal" in page(stored).inner_text(".more")
    # GPT's position table twice, in what is stored of it: the page must notice.
    table = '{"part":"position table","formulas":{"tied, biases":{"terms":[[1,"dn"]'
    assert table in stored
    said = page(stored.replace(table, table.replace("[1,", "[2,"))).inner_text(".more")
    assert "settings disagree" in said and "all equal" not in said
