"""Both functions at once, each as its platform runs it, with fakes where the cloud is.

Unlike ``tests/stack`` these look at what the two write (lines, traces, metrics), not at
what becomes of events.
"""
