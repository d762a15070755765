"""Plans that are proposed, and the decisions on them."""
