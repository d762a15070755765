"""Microsoft.Network: virtual networks, public IPs, NAT gateways, load balancers, scale-set NICs."""
