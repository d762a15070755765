"""How cheap looking is: requests, time and memory of a tick, beside a plain loop (`make bench`)."""
