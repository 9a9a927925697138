"""What an event is: the catalogue, the values' schemas, its form as a message."""
