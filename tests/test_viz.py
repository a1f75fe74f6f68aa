"""Figures: alt text that can't be forgotten, data that can't break out of its page."""

import json
import re

import matplotlib
import pytest
import torch

matplotlib.use("agg")
from matplotlib import pyplot as plt

from utils import viz


@pytest.fixture
def shown(monkeypatch):
    """What the cell displays: a list of (data, metadata)."""
    outputs = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, metadata=None, raw=False: outputs.append((data, metadata)),
    )
    return outputs


def test_a_figure_carries_its_alt_text(shown):
    alt = "A line that rises from zero to one."
    viz.show(plt.figure(figsize=(5, 2)), alt)
    ((data, metadata),) = shown
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"] == metadata["image/png"]["alt"] == alt
    assert metadata["image/png"]["width"] == 480
    assert not plt.get_fignums(), "the figure stays open and is shown twice"


def test_a_figure_without_alt_text_is_refused():
    with pytest.raises(ValueError, match="alt must say"):
        viz.show(plt.figure(), "a plot")


def test_heatmap_names_the_sizes_that_disagree():
    with pytest.raises(ValueError, match=r"\(2, 3\).*2 rows and 2 columns"):
        viz.heatmap(plt.figure().add_subplot(), torch.ones(2, 3), "ab", "cd")


def figure(**changes):
    given = {"data": {"keys": [[1, 2]], "query": [1, 2], "range": 3}}
    given |= {"table": [["key"], ["<b>"]], "alt": "Keys & a query in the plane."}
    return viz.Interactive("dot_product", **(given | changes))


def test_an_interactive_figure_is_whole_in_itself():
    page = figure()._repr_html_()
    assert "<td>&lt;b&gt;</td>" in page
    assert 'aria-label="Keys &amp; a query in the plane."' in page
    assert not re.search(r"""(src|href)=|https?://(?!www\.w3\.org/)|import\(""", page)
    assert "0x" not in repr(figure())


def test_data_cannot_end_its_own_script_element():
    page = figure(data={"text": "</script><script>alert(1)</script>"})._repr_html_()
    stored = re.search(r'<script type="application/json">(.*?)</script>', page, re.S)
    assert json.loads(stored[1]) == {"text": "</script><script>alert(1)</script>"}


def test_an_interactive_figure_needs_a_script():
    with pytest.raises(FileNotFoundError):
        viz.Interactive("nothing", {}, table=[["a"]], alt="")


def draw(size, name):
    if not name:
        raise ValueError("Type a name.")
    made = plt.figure(figsize=(size, 1))
    made.suptitle(name)
    return made


def test_a_control_redraws_and_says_what_is_wrong(shown):
    from ipywidgets.widgets.widget import _instances

    viz.control(draw, "A figure of one's own size.", size=range(2, 5), name="ada")
    ((data, metadata),) = shown
    assert metadata["image/png"]["alt"] == "A figure of one's own size."
    box = _instances[data["application/vnd.jupyter.widget-view+json"]["model_id"]]
    inputs, message, image = box.children
    size, name = inputs.children
    assert (size.value, name.value, image.value) == (2, "ada", data["image/png"])
    size.value = 4
    redrawn = image.value
    assert redrawn != data["image/png"]
    name.value = ""
    assert "Type a name." in message.value and image.value == redrawn
    name.value = "bob"
    assert message.value == "" and image.value != redrawn


def test_a_control_starts_where_it_is_told(shown):
    viz.control(draw, "A figure.", start={"size": 4}, size=range(2, 5), name="ada")
    assert shown[0][1]["image/png"]["width"] == 4 * 96
