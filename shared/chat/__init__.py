"""Chat messages: flows write a neutral message, and each service's module renders it."""
