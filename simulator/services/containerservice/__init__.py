"""Microsoft.ContainerService: managed clusters and agent pools."""
