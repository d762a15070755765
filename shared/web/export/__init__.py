"""A plan as Bicep and Terraform."""
