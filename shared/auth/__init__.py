"""Signed links, form tokens and decisions, and who may approve."""
