"""The state of each simulated service, below the world and without HTTP routes."""
