"""Microsoft.Insights: metrics, per resource and in batches, and their definitions."""
