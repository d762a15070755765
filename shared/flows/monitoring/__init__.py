"""Scans of the fleet, on a timer and on demand."""
