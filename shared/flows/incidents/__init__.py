"""Record, silence and read incidents."""
