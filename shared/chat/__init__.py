"""Telling people: one neutral message, rendered for Slack and for Teams."""
