"""Who may do what: roles, linked permissions, deny assignments, locks and policies."""
