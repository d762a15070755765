"""Measures snatbot's detection quality and cost against the simulator. Never deployed."""
