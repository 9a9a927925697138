"""``import``: reads rows of a file, posts them as events in batches, and reports.

``source`` reads rows, ``values`` makes values of them, ``events`` validates them and
groups them into batches, ``lanes`` and ``poster`` send these, ``record`` keeps what was
sent for ``--resume``, and ``following`` waits for the results.
"""
