"""A simulated Azure, Entra ID, Slack and Teams, served over HTTP(S).

It follows public REST specifications, recorded traffic and the SDKs' own models, and a documented model of
SNAT ports; it knows nothing of the programs that talk to it. It is never deployed.
"""
