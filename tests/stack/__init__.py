"""The stack that ``make run`` starts, from its front door to the stand-in's shop."""
