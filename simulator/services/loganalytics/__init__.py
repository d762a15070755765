"""Log Analytics queries over the load balancers' health events."""
