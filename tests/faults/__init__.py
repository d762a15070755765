"""Applying and rolling back, broken at every call: run by ``make faults``, a sample of it by the tests."""
