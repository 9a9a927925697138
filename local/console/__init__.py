"""The local stack's web pages: events, dead letters, sending, the Commerce stand-in."""
