"""SNAT port physics: a fluid model, minute by minute, deterministic by seed.

`workload` says what pods want, `ports` what a node or gateway has, `flows` moves one minute,
`bank` and `gateway` keep a node's and a NAT gateway's history, `traffic` ties them to a fleet.
README.md in this folder describes the model and its sources.
"""
