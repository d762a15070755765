"""The simulated services, one folder each. Their state is in `simulator.state`.

wire.py    state to JSON, and back
routes.py  the table of routes: parse, look up or change, answer
"""
