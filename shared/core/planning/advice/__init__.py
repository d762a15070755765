"""Advice with exact commands for a person: snatbot writes no cluster and no NAT gateway that it did not create."""
