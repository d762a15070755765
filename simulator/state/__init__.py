"""What the simulated world holds for each service, below the world and free of HTTP routes."""
