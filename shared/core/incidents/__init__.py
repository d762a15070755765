"""Decisions about incidents and about what could not be measured."""
