"""The pretended services. Each folder has the same parts, as far as it needs them:

state.py   what the service remembers
wire.py    state to JSON, and back
routes.py  its table of routes: parse, look up or change, answer
"""
