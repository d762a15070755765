"""Authorization: roles, linked permissions, deny assignments, locks and policies."""
