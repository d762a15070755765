"""The activity log: who wrote what, and when."""
