"""What egress probes saw, and what follows from it."""
