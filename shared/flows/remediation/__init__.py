"""Apply and verify approved changes."""
