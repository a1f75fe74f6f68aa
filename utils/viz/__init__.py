"""Figures that carry their alt text, and interactive ones that need no kernel."""

from utils.viz.controls import control
from utils.viz.figures import COLORS, heatmap, show, use_style
from utils.viz.interactive import Interactive

__all__ = ["COLORS", "Interactive", "control", "heatmap", "show", "use_style"]
