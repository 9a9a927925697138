"""The commands: they read options, call the modules above, and print the result."""
