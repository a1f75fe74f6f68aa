"""The built site in a real browser: every page, over http and from the disk.

Each check is a function of an open page that returns what is wrong with it. The tests
run them on every page of ``_build/html``; one test runs them on a page that is wrong in
every way, and expects each to say so.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import course  # noqa: E402

BROWSER = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])),
    None,
)
if BROWSER is None:
    pytest.skip("no Chromium or Chrome on the path", allow_module_level=True)
if not (SITE / "index.html").exists():
    pytest.skip("no site: run `make book` first", allow_module_level=True)

axe = pytest.importorskip("axe_playwright_python")
playwright = pytest.importorskip("playwright.sync_api")
AXE = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# one worker opens the browser and visits each page once
pytestmark = pytest.mark.xdist_group("browser")

PAGES = sorted(
    path.relative_to(SITE).as_posix()
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts and path != SITE / "index.html"
)
LESSONS = [page for page in PAGES if page.startswith("lessons/")]
PHONE, DESKTOP = {"width": 375, "height": 800}, {"width": 1280, "height": 800}
MAX_PAGE_BYTES = 6_000_000


# The checks: each takes an open page and returns a list of findings. ------------------


def math_errors(page) -> list[str]:
    """Formulas that MathJax left alone or marked as wrong."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".math")]
        .filter(e => !e.querySelector("mjx-container") || e.querySelector("mjx-merror"))
        .map(e => e.textContent.trim().slice(0, 60))"""
    )


def images_without_text(page) -> list[str]:
    """Images without an alt text; an empty one is only for decoration outside text."""
    return page.evaluate(
        """() => [...document.querySelectorAll("img")]
        .filter(e => e.getAttribute("alt") === null
            || (e.closest("article") && (e.alt.trim().length < 4 || /\\.\\w+$/.test(e.alt))))
        .map(e => e.getAttribute("src").slice(-60))"""  # noqa: E501
    )


def overflow(page) -> list[str]:
    """What sticks out on the right of a phone's screen."""
    page.set_viewport_size(PHONE)
    return page.evaluate(
        """() => { const root = document.documentElement;
        if (root.scrollWidth <= innerWidth) return [];
        return [...document.body.querySelectorAll("*")]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => `${e.tagName}.${e.className}`).slice(0, 5)
            .concat(`the page is ${root.scrollWidth} px wide`); }"""
    )


def axe_findings(page, theme: str) -> list[str]:
    """Accessibility findings of any weight in one theme."""
    page.evaluate("t => { document.documentElement.dataset.theme = t }", theme)
    page.evaluate("source => { window.axe ?? (0, eval)(source) }", AXE)
    page.add_style_tag(content="* { transition: none !important }")
    # preload would fetch style sheets again, from wrong addresses
    name_has_label = {"label-content-name-mismatch": {"enabled": True}}
    options = {"preload": False, "resultTypes": ["violations"], "rules": name_has_label}
    if theme == "dark":  # only colours differ between the themes
        options = {"preload": False, "runOnly": ["color-contrast"]}
    # thousands of code tokens, a dozen looks: one token of each is enough
    page.evaluate(
        """() => { const seen = new Set();
        for (const token of document.querySelectorAll(".highlight span"))
            if (seen.has(token.className)) token.replaceWith(...token.childNodes);
            else seen.add(token.className); }"""
    )
    results = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{found['id']}: {found['nodes'][0]['html'][:120]} ({len(found['nodes'])})"
        for found in results["violations"]
    ]


def dead_controls(page) -> list[str]:
    """Interactive figures with a control that changes nothing at a press of a key."""
    findings = []
    for figure in page.query_selector_all("figure.interactive"):
        name = figure.get_attribute("data-figure")
        controls = figure.query_selector_all("input, select, button, [role=slider]")
        if not controls:
            findings.append(f"{name}: no control")
        for control in controls:
            control.focus()
            before = figure.evaluate(SNAPSHOT)
            for key in ("ArrowRight", "ArrowLeft", "ArrowDown", "Enter", "a", "Space"):
                page.keyboard.press(key)
                if figure.evaluate(SNAPSHOT) != before:
                    break
            else:
                findings.append(f"{name}: {control.evaluate('e => e.outerHTML')[:80]}")
    return findings


SNAPSHOT = """e => e.innerHTML
    + [...e.querySelectorAll("canvas")].map(c => c.toDataURL())
    + [...e.querySelectorAll("input, select")].map(c => c.value + c.checked)"""


def blank_icons(page) -> list[str]:
    """Icons that the theme asks for and scripts/fontawesome.js does not draw."""
    return page.eval_on_selector_all(
        "i[class*=fa-], span[class*=fa-]", "all => all.map(e => e.className)"
    )


def weight(page) -> int:
    """Decoded bytes of the page and of everything it loaded."""
    return page.evaluate(
        """() => performance.getEntriesByType("navigation")
        .concat(performance.getEntriesByType("resource"))
        .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""
    )


def dead_links(visits: dict[str, Visit]) -> list[str]:
    """Links inside the site to a page, file or anchor that is not there."""
    findings = []
    for path, visit in visits.items():
        for link in visit.links:
            if not link.startswith(visit.base):
                continue
            target, anchor = urldefrag(link)
            name = unquote(urlsplit(target).path).lstrip("/") or "index.html"
            file = visit.root / name
            if not file.is_file():
                findings.append(f"{path}: {link}")
            elif anchor and name in visits and unquote(anchor) not in visits[name].ids:
                findings.append(f"{path}: no #{anchor} in {name}")
    return findings


# One visit a page, shared by the tests ------------------------------------------------


class Visit:
    """What was seen when a page was opened: findings by check, links, ids, bytes."""

    def __init__(self, context, base: str, path: str, root: Path):
        self.root, self.base, self.foreign, self.errors = root, base, [], []
        page = context.new_page()
        page.set_viewport_size(DESKTOP)

        page.on("request", self._request)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)
        page.on("response", self._response)
        page.goto(urljoin(base, path))
        page.evaluate("() => window.MathJax?.startup?.promise")
        self.page = page
        links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)")
        self.links = set(links)
        self.ids = set(page.eval_on_selector_all("[id]", "all => all.map(e => e.id)"))

    def _request(self, request):
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.foreign.append(request.url)

    def _console(self, message):
        if message.type == "error" and "ERR_NAME_NOT_RESOLVED" not in message.text:
            self.errors.append(message.text)

    def _response(self, response):
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")

    def count(self, *selectors: str) -> list[int]:
        return [self.page.locator(selector).count() for selector in selectors]

    def check(self) -> Visit:
        """Run every check, those that change the page last."""
        page = self.page
        page.wait_for_load_state("networkidle")
        self.counts = self.count("mjx-container", "article img", "figure.interactive")
        self.bytes = weight(page)
        self.math = math_errors(page)
        self.images = images_without_text(page)
        self.icons = blank_icons(page)
        self.light = axe_findings(page, "light")
        self.dark = axe_findings(page, "dark")
        self.controls = dead_controls(page)
        self.overflow = overflow(page)
        page.close()
        return self


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as p:
        # other hosts do not exist, and asking for one is recorded
        nowhere = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        options = ["--no-sandbox", "--disable-gpu", "--no-first-run", nowhere]
        browser = p.chromium.launch(executable_path=BROWSER, args=options)
        yield browser
        browser.close()


def serve(folder: Path):
    """Serve a folder on a free port; yields its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def base():
    yield from serve(SITE)


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture(scope="module")
def visits(context, base):
    return {path: Visit(context, base, path, SITE).check() for path in PAGES}


def nothing(visits, attribute: str) -> None:
    """Fail with the findings of each page that has some."""
    found = {path: getattr(visit, attribute) for path, visit in visits.items()}
    found = {path: findings for path, findings in found.items() if findings}
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


@pytest.mark.parametrize(
    "attribute",
    [
        "foreign",
        "errors",
        "math",
        "images",
        "icons",
        "light",
        "dark",
        "controls",
        "overflow",
    ],
)
def test_no_page_has_a_finding(visits, attribute):
    nothing(visits, attribute)


def test_pages_work_from_the_disk(context):
    base = SITE.as_uri() + "/"
    visits = {}
    for path in PAGES:
        visits[path] = Visit(context, base, path, SITE)
        visits[path].images = images_without_text(visits[path].page)
        visits[path].math = math_errors(visits[path].page)
        visits[path].page.close()
    for attribute in ("foreign", "errors", "math"):
        nothing(visits, attribute)


def test_every_link_and_anchor_leads_somewhere(visits):
    assert not dead_links(visits)


def test_lessons_have_mathematics_figures_and_something_to_try(visits):
    """The checks above find nothing wrong in what is not there; here it must be."""
    counts = {path: visits[path].counts for path in LESSONS}
    assert counts
    assert all(min(numbers) > 0 for numbers in counts.values()), counts


def test_pages_stay_light(visits):
    for path, visit in visits.items():
        print(f"{visit.bytes / 1e6:5.2f} MB {path}")
    assert max(visit.bytes for visit in visits.values()) < MAX_PAGE_BYTES


def test_search_finds_softmax_and_opens_the_hit(context, base):
    visit = Visit(context, base, "book/index.html", SITE)
    page = visit.page
    page.keyboard.press("Control+k")
    page.keyboard.type("softmax")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=softmax**")
    hit = page.locator("#search-results li a").first
    hit.wait_for()
    page.wait_for_timeout(500)  # summaries follow the hits
    assert page.locator("#search-results li").count() >= 1
    hit.click()
    page.wait_for_load_state()
    assert "search.html" not in page.url
    assert "softmax" in page.locator("article").inner_text().lower()
    page.close()
    assert not visit.errors


def test_buttons_open_and_download_the_notebook_of_the_page(visits):
    repository = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]
    address = course.repository(repository["url"], os.environ)
    colab = address.replace(
        "https://github.com", "https://colab.research.google.com/github"
    )
    folders = ("lessons", "exercises", "book/results")
    notebooks = [path for path in PAGES if path.startswith(folders)]
    assert notebooks
    for path in notebooks:
        visit, source = visits[path], path.replace(".html", ".ipynb")
        assert f"{colab}/blob/{repository['branch']}/{source}" in visit.links
        assert f"{visit.base}_sources/{source}" in visit.links
        assert (SITE / "_sources" / source).read_bytes() == (ROOT / source).read_bytes()


def test_the_first_page_fits_one_screen(context, base):
    page = Visit(context, base, "book/index.html", SITE).page
    bottom = page.locator(".course-map").bounding_box()
    assert page.locator(".course-map li").count() == 30
    assert bottom["y"] + bottom["height"] <= DESKTOP["height"]
    page.close()


def test_ticks_are_kept_exported_and_imported(browser, base, tmp_path):
    context = browser.new_context()
    page = Visit(context, base, "book/index.html", SITE).page
    first = page.locator(".course-map input").first
    first.focus()
    page.keyboard.press("Space")
    page.reload()
    assert first.is_checked()
    with page.expect_download() as download:
        page.get_by_role("button", name="export").click()
    file = tmp_path / "progress.json"
    download.value.save_as(file)
    context.close()

    context = browser.new_context()  # another browser, nothing ticked yet
    page = Visit(context, base, "book/index.html", SITE).page
    assert not first_box(page).is_checked()
    page.set_input_files(".course-progress input", file)
    page.wait_for_function("document.querySelector('.course-map input').checked")
    (tmp_path / "other.json").write_text("no progress")
    page.set_input_files(".course-progress input", tmp_path / "other.json")
    page.get_by_text("not an exported progress file").wait_for()
    context.close()


def first_box(page):
    return page.locator(".course-map input").first


BAD = """<!doctype html><html lang="en"><head><title>Bad</title>
<link rel="stylesheet" href="https://cdn.example.org/style.css">
<script src="missing.js"></script><script>nowhere()</script></head>
<body><main><article><h1 id="bad">Bad</h1>
<p style="width: 900px; color: #eee; background: #fff">Wide and pale</p>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<p><span class="math">\\\\(x^2\\\\)</span> <a href="#nowhere">anchor</a>
<a href="gone.html">page</a> <i class="fa-solid fa-unicorn"></i></p>
<figure class="interactive" data-figure="dead"><button>press</button></figure>
</article></main></body></html>"""


def test_the_checks_find_what_is_wrong(context, tmp_path):
    (tmp_path / "bad.html").write_text(BAD)
    server = serve(tmp_path)
    visit = Visit(context, next(server), "bad.html", tmp_path).check()
    assert visit.foreign == ["https://cdn.example.org/style.css"]
    assert any("404" in error for error in visit.errors)
    assert any("nowhere" in error for error in visit.errors)
    assert visit.math == ["\\\\(x^2\\\\)"]
    assert len(visit.images) == 1
    assert visit.icons == ["fa-solid fa-unicorn"]
    assert any("color-contrast" in finding for finding in visit.light)
    assert any("color-contrast" in finding for finding in visit.dark)
    assert "the page is" in visit.overflow[-1]
    assert visit.controls == ["dead: <button>press</button>"]
    findings = dead_links({"bad.html": visit})
    assert [finding.split()[-1].split("/")[-1] for finding in findings]
    assert len(findings) == 2
    with pytest.raises(AssertionError, match="cdn.example.org"):
        nothing({"bad.html": visit}, "foreign")
    server.close()
