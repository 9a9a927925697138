"""A soak: random faults at every seam, and the proof that nothing came of them."""
