"""The class page and the students' in a browser: readable, narrow, and not scripted."""

import random

import pytest
from test_site import BROWSER, DESKTOP, axe_findings, overflow, playwright

from utils.grading.config import Config
from utils.grading.grade import STATUSES
from utils.grading.reports import write_all
from utils.grading.store import Row

pytestmark = pytest.mark.xdist_group("browser")
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202e" + "w" * 300
TITLES = {"06_attention": "Exercises: attention", "17_gpt": "Exercises: GPT"}


def answers():
    """Of forty students, to two notebooks, with every status, a third hostile."""
    rng = random.Random(0)
    for number in range(40):
        student = HOSTILE if number == 7 else f"student {number}"
        for notebook in TITLES:
            for exercise in ("mask", "heads", "empty"):
                status = rng.choice(("correct", "wrong", *STATUSES))
                points = None if status == "ungraded" else 3.0 * (status == "correct")
                text = HOSTILE if rng.random() < 0.3 else "x = 1"
                yield Row(
                    *(student, notebook, exercise, f"The {exercise}", points, 3.0),
                    *(status, text, text, ("Look at each row",), f"{text}\n" * 5),
                )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    aside = [(HOSTILE, "not .ipynb"), ("notes.txt", "not .ipynb")]
    write_all(folder, list(answers()), Config(), TITLES, aside=aside)
    return folder


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_readable_on_a_phone_in_both_themes(folder, theme):
    pages = [folder / "index.html", *sorted((folder / "students").iterdir())[:3]]
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(color_scheme=theme, bypass_csp=True)
        told, found = [], {}
        for path in pages:
            page = context.new_page()
            page.on("dialog", lambda dialog: (told.append(dialog), dialog.dismiss()))
            page.set_viewport_size(DESKTOP)
            page.goto(path.as_uri())
            found[path.name] = axe_findings(page, theme) + overflow(page)
        browser.close()
    assert not any(found.values()), found
    assert not told  # the policy is off here, and still nothing runs
