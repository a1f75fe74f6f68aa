"""Who knows whom: blocks know no architecture, architectures no other library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import utils

PACKAGE = Path(utils.__file__).parent
# What the modules of a part may import from the package, at their top or inside.
MAY_IMPORT = {"nn": {"nn"}, "models": {"nn", "models"}}
LONGEST = 250  # lines of an architecture, to be read in one sitting


def imported(source: str) -> set[str]:
    """The parts of `utils` that a module's text imports, wherever it does."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute in this package"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("utils.")}


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_knows_only_what_is_below_it(part):
    modules = list((PACKAGE / part).glob("**/*.py"))
    assert modules
    for module in modules:
        beyond = imported(module.read_text("utf8")) - MAY_IMPORT[part]
        assert not beyond, f"{module.relative_to(PACKAGE)} imports {beyond}"


@pytest.mark.parametrize(
    "line",
    [
        "import utils.pretrained",
        "from utils import nn, pretrained",
        "from utils.pretrained import key_map as keys",
        "def build():\n    from utils.pretrained.hugging_face import require",
        "if TYPE_CHECKING:\n    from utils.pretrained import Unsupported",
    ],
)
def test_any_import_is_seen(line):
    assert "pretrained" in imported(f"from utils.nn.attention import F\n\n{line}\n")


@pytest.mark.parametrize(
    "module", [path.stem for path in (PACKAGE / "models").glob("*.py")]
)
def test_an_architecture_is_read_in_one_sitting(module):
    lines = (PACKAGE / "models" / f"{module}.py").read_text("utf8").splitlines()
    assert len(lines) <= LONGEST


def test_families_load_when_a_model_is_asked_for():
    code = (
        "import sys\nfrom utils.pretrained.hugging_face import Unsupported, supported\n"
        "def loaded(): return [m for m in sys.modules if 'utils.models.' in m]\n"
        "before = loaded()\n"
        "try:\n    supported('NoModel')\nexcept Unsupported as error:\n"
        "    print(before, loaded() != [], 'transformers' in sys.modules)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[] True False\n"


def test_every_architecture_of_transformers_has_its_family():
    """All but those that transformers has no classes of, or has as another's."""
    own = {"seq2seq", "transformer", "ulmfit", "spanbert"}
    parts = {"__init__", "encoder_decoder", "output", "tasks"}
    models, families = (
        {path.stem for path in folder.glob("*.py")}
        for folder in (PACKAGE / "models", PACKAGE / "pretrained" / "families")
    )
    assert families - {"__init__"} == models - own - parts
