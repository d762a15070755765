"""Parse JSON of Resource Manager and Resource Graph into the model, one module for each resource type.

Property names and values have varying case, and Azure often omits empty or disabled ones. A missing property that the
model needs raises ``UnexpectedAnswer``.
"""
