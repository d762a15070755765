"""What is concluded, one rule a module: pure functions from readings and facts to a finding, or None."""
