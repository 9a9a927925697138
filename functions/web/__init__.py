"""What the asynchronous functions share: reading a body, and HTTP/1.1."""
