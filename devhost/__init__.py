"""Runs the function app here: a stand-in for the Azure Functions host, and the storage emulator. Never deployed."""
