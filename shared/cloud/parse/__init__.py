"""Parse JSON of Resource Manager and Resource Graph into the model, one module a resource type.

Property names and values come in varying case, and Azure often leaves out what is off or empty. A missing property that
the model needs raises ``UnexpectedAnswer``.
"""
