"""Keys and reports of egress probes."""
