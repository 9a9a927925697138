"""What stands in for the cloud on one machine: the parts of ``python -m local``."""
