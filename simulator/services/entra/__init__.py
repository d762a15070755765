"""Entra ID: sign-in of people, tokens of applications, managed identity endpoints."""
