"""The pages, and the package that writes those of them that are generated."""
