"""An approved change, carried out and verified."""
