"""The rules: pure functions from readings and facts to a finding, or None."""
