"""snatbot: sees SNAT port exhaustion on AKS, tells people, and cures it with a NAT gateway when they approve."""

__version__ = "0.1.0"
