"""The functions that ours are measured against."""
