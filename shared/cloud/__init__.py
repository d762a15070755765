"""Azure: reading it, and the few network writes. The rest of the app sees only our nouns and typed errors.

The SDKs take most of a cold start, so no module here imports one at its top, except ``pipeline``, which is itself
imported only where a client is built.
"""
