"""Data, fit and report of the separation networks."""
