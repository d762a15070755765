"""Microsoft.ResourceGraph: queries over all resources."""
