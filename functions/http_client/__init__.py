"""One HTTP request to another system: connections, deadlines, OAuth 2.0, pauses."""
