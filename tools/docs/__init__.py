"""Generate the pages and tables that follow from the code: ``python -m tools.docs``."""
