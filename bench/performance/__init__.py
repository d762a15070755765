"""The cost of scanning: requests, time and memory of a tick, compared with a plain loop (`make bench`)."""
