"""Vocals and accompaniment by a probabilistic binary mask (Simpson, Roma & Plumbley 2015)."""
