"""Trainings that anyone can run again, one module each; see `quality.py`."""
