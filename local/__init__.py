"""What stands in for the cloud on one machine: the rooms of ``python -m local``."""
