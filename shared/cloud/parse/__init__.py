"""Resource Manager's JSON into our nouns, one module a noun.

Resource Graph answers with the same property shape. Names of properties and values come in varying case, and what is
off or empty is often absent: both are taken. What a noun cannot do without raises ``UnexpectedAnswer``.
"""
