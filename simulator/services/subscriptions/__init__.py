"""Subscriptions, tenants, resource groups and the generic list of resources."""
