"""Measurements: what our functions cost beside bare ones."""
