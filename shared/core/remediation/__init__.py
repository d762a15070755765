"""Decisions while a change is applied and verified."""
