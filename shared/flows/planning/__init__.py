"""Make plans from Azure's present state."""
