"""Propose plans, and record the decisions on them."""
