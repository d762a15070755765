"""SNAT port physics: a fluid model, minute by minute, deterministic by seed.

`workload` models the pods' demand, `ports` the ports of a node or gateway, `flows` computes one minute, `bank` and
`gateway` keep the history of a node and a NAT gateway, `traffic` connects them to a fleet.
README.md in this folder describes the model and its sources.
"""
