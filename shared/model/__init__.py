"""The domain's data as frozen dataclasses; their methods use only their own fields."""
