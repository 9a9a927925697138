"""Bench and soak, through their commands."""
