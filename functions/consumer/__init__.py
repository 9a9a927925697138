"""Is pushed events and has them handled, once each."""
