"""Corpus, fit and report of the composition networks."""
