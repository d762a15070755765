"""The rules, one in each module: pure functions from readings and facts to a finding, or None."""
