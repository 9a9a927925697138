"""Events: the catalogue, the schemas of values, and the form as a message."""
