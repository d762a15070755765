"""The chain of audit lines, and whether it is whole."""
