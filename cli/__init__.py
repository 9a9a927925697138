"""The operator commands."""
