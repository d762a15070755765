"""Decisions about measured minutes: readings, findings, severity."""
