"""Decisions about measured minutes: what to read when, readings, findings."""
