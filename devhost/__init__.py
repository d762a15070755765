"""Runs the function app locally: replaces the Azure Functions host and storage. Never deployed."""
