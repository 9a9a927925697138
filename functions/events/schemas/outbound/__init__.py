"""The values of outbound events: those that Commerce sends, with every key kept.

A schema requires only what the event's route needs: versions of Commerce and the
fields of a subscription differ.
"""
