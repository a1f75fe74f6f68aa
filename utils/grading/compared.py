"""Hidden values compared where nobody else does: in a hidden test of nbgrader.

The answer runs in the same process there, so a learner who patches this passes: our
own grading compares outside.
"""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

from utils.grading.check import VALUE_MIME, CheckFailed
from utils.notebooks import compare
from utils.notebooks.prove import TOLERANCE


class _Compared:
    """``compared(expected)``: from here on, `value` compares what it is given.

    ``compared.done()`` ends it. Both are written into hidden tests by `to_nbgrader`.
    """

    def __init__(self) -> None:
        self.patch: Any = None

    def __call__(
        self, expected: str, rtol: float = TOLERANCE.rtol, atol: float = TOLERANCE.atol
    ) -> None:
        from IPython import display

        self.stop()
        self.left: list[Any] = json.loads(expected)
        tolerance, real = compare.Tolerance(rtol, atol), display.display

        def shown(bundle: Any = None, *rest: Any, **named: Any) -> Any:
            if not isinstance(bundle, dict) or VALUE_MIME not in bundle:
                return real(bundle, *rest, **named)
            own = json.loads(json.dumps(bundle[VALUE_MIME]))
            wanted = self.left.pop(0) if self.left else None
            if compare.values(own, wanted, tolerance) is not None:
                raise CheckFailed("a hidden value is another one")

        self.patch = patch.object(display, "display", shown)
        self.patch.start()

    def done(self) -> None:
        """Raises CheckFailed where a value was not shown."""
        self.stop()
        if self.left:
            raise CheckFailed("a hidden value was not shown")

    def stop(self) -> None:
        if self.patch is not None:
            self.patch.stop()
            self.patch = None


compared = _Compared()
