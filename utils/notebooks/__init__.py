"""Tools for the course's notebooks: run, release, compare, check.

Command line: ``python -m utils.notebooks --help``.
"""
