"""Seal and verify the audit, and count refused attempts."""
