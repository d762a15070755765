"""snatbot: finds SNAT port exhaustion on AKS, alerts people, and attaches a NAT gateway when they approve."""

__version__ = "0.1.0"
