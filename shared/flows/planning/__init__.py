"""Plans made from what Azure shows now."""
