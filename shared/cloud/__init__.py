"""Read Azure, and make the few network writes. Other folders see only the model and typed errors.

The SDKs take most of a cold start, so no module here imports one at its top, except ``pipeline``, which is imported
only where a client is built.
"""
