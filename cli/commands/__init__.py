"""The commands as typed: options in, tables or JSON out; the work is done elsewhere."""
