"""Entra ID tokens and managed identity endpoints."""
