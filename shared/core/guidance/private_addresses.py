"""Addresses that the Internet never sees: traffic between them needs no SNAT."""

from ipaddress import IPv4Address, IPv6Address, ip_network

# RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291, and this host
PRIVATE = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)


def is_private(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in PRIVATE)
