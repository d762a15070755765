"""Scan the fleet, on a timer and on demand."""
