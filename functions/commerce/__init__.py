"""The client of Adobe Commerce's REST API."""
