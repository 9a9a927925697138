"""The whole path from POST to Commerce, measured: ``python -m bench pipeline``."""
