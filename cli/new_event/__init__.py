"""``new-event``: writes the parts of an event that are the same for every event.

``definition`` reads and checks what the event is, ``templates`` has the text of its
parts, ``edits`` changes files that exist, and ``write`` puts everything in place.
"""
