"""``check-kit``: what a checkout of Adobe's starter kit needs to move here.

``checkout`` finds its files, ``settings``, ``events`` and ``dangers`` look at them.
Names of files, keys and events are the kit's; no value of a setting is printed.
"""
