"""Incidents as they are recorded, silenced and read back."""
