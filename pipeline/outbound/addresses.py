"""Owns which internet addresses are public."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

NAT64 = IPv6Network("64:ff9b::/96")
UNICAST_V6 = IPv6Network("2000::/3")
CLOSED_V6 = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4: would reach any IPv4 address
    IPv6Network("3fff::/20"),  # documentation
)
CLOSED_V4 = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),  # carrier's own network
    IPv4Network("168.63.129.16/32"),  # a cloud's internal service
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv4Network("224.0.0.0/3"),  # multicast and reserved
)


def is_public(address: str) -> bool:
    """Whether an address, IPv4 or IPv6, is one of the public internet; addresses that wrap another are unwrapped.

    After the special-purpose registries of IANA (RFC 6890), stricter where a translation could lead inside.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return _public_v4(parsed) if isinstance(parsed, IPv4Address) else _public_v6(parsed)


def _public_v4(address: IPv4Address) -> bool:
    return address.is_global and not any(address in network for network in CLOSED_V4)


def _public_v6(address: IPv6Address) -> bool:
    if address.scope_id:
        return False
    if address.ipv4_mapped is not None:
        return _public_v4(address.ipv4_mapped)
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in NAT64:
        return _public_v4(low)
    if (int(address) >> 32) & 0xFCFFFFFF == 0x5EFE:  # ISATAP, RFC 5214: the last 32 bits are an IPv4 address
        return False
    return address in UNICAST_V6 and address.is_global and not any(address in network for network in CLOSED_V6)
