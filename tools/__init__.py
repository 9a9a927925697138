"""Development tools: what generates pages and locks dependencies."""
