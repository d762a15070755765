"""A pretend Azure, Entra ID, Slack and Teams, spoken over real HTTP(S).

Held to the wire (public REST specifications, recorded traffic, the SDKs' own models) and to a
documented model of SNAT ports; it knows nothing of the programs that talk to it. Never deployed.
"""
