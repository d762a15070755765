"""Decisions about metrics: what to read when, readings, findings."""
