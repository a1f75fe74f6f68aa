"""The results page: each function shows one table or figure of what was measured."""

from utils.evaluation.results import Results
from utils.viz.results.compared import comparison, last_words
from utils.viz.results.language import (
    damage,
    masks,
    own_translator,
    text_losses,
    translation,
    translation_by_length,
    written,
)
from utils.viz.results.machine import data, growth, overview, runs, speed
from utils.viz.results.robust import stereotypes, substitution
from utils.viz.results.tasks import fine_tuning, images, official_squad, spans

__all__ = [
    "Results",
    "comparison",
    "damage",
    "data",
    "fine_tuning",
    "growth",
    "images",
    "last_words",
    "masks",
    "official_squad",
    "overview",
    "own_translator",
    "runs",
    "spans",
    "speed",
    "stereotypes",
    "substitution",
    "text_losses",
    "translation",
    "translation_by_length",
    "written",
]
