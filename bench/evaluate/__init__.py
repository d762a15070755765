"""Compares snatbot's findings, and those of two common alert rules, with the ground truth (`make evaluate`)."""
