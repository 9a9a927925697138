"""What writes the generated documents: ``python -m docs.generate``."""
