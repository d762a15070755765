"""Decisions about what to change: plans, sizing, checks, advice."""
