"""A soak: random faults everywhere, and the proof that no event is lost or doubled."""
