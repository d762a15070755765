"""The edge to Azure Functions: parse, call one flow, map the result. No logic, and nothing heavy at import.

What a handler works with is imported inside it: the host imports and indexes this package before the first call, and
that is the cold start.
"""
