"""Decisions as pure functions: no I/O, no clock, nothing from Azure."""
