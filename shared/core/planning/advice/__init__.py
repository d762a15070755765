"""What only a person may do, with the exact command: snatbot writes no cluster and nobody else's NAT gateway."""
