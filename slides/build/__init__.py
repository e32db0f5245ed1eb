"""Notebooks in, offline deck out."""
