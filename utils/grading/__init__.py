"""Checks for learners and grades for a class."""

from utils.grading.check import CheckFailed, check, seed, value

__all__ = ["CheckFailed", "check", "seed", "value"]
