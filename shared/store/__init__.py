"""Azure Tables storage. Stored rows authorize nothing: the app verifies signatures before it acts."""
