"""Azure Functions handlers: parse, call one flow, map the result. No logic, and no heavy import at the top.

Handlers import inside the function: the host imports and indexes this package before the first call, which is the cold
start.
"""
