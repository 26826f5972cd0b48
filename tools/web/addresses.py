"""Which IP addresses may be reached, and which names the user excepted from that.

Pages choose where the next request goes, by a link or by a redirect, so anything that is not plain public
unicast is refused: a page must not make this machine talk to itself, to its network or to its cloud.
IPv4 hidden in IPv6 is refused whole, whatever it hides: no public site needs it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from ..errors import ConfigError

# The first entry that holds the address names it, so the narrow ones come before the wide ones.
_CLASSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "cloud metadata",
        (
            "168.63.129.16/32",  # Azure
            "169.254.169.254/32",
            "169.254.169.253/32",  # the resolver of AWS
            "169.254.170.0/24",  # credentials of containers on AWS
            "169.254.0.23/32",  # Tencent
            "100.100.100.200/32",  # Alibaba
            "192.0.0.192/32",  # Oracle
            "fd00:ec2::/32",
            "fd20:ce::254/128",  # Google
        ),
    ),
    ("unspecified", ("0.0.0.0/8", "::/128")),
    ("loopback", ("127.0.0.0/8", "::1/128")),
    ("private", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
    ("link-local", ("169.254.0.0/16", "fe80::/10")),
    ("carrier-grade NAT", ("100.64.0.0/10",)),
    ("multicast", ("224.0.0.0/4", "ff00::/8")),
    ("documentation", ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")),
    ("benchmarking", ("198.18.0.0/15", "2001:2::/48")),
    ("reserved", ("192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4", "100::/64")),
    ("IPv4 hidden in IPv6 (mapped)", ("::ffff:0:0/96", "::ffff:0:0:0/96")),
    ("IPv4 hidden in IPv6 (compatible)", ("::/96",)),
    ("IPv4 hidden in IPv6 (NAT64)", ("64:ff9b::/96", "64:ff9b:1::/48")),
    ("IPv4 hidden in IPv6 (6to4)", ("2002::/16",)),
    ("IPv4 hidden in IPv6 (Teredo)", ("2001::/32",)),
    ("reserved", ("2001::/23",)),
)
_NETWORKS = tuple((name, ip_network(text)) for name, texts in _CLASSES for text in texts)
_PUBLIC_IPV6 = IPv6Network("2000::/3")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def refusal(address: str | IPv4Address | IPv6Address) -> str | None:
    """Name the class of an address that may not be reached; None for one that may.

    `address` is an IP address, not a host name; text that is none is refused as "not an IP address".
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return "not an IP address"
    if isinstance(ip, IPv6Address) and ip.scope_id:
        ip = IPv6Address(int(ip))
    for name, network in _NETWORKS:
        if ip in network:
            return name
    if isinstance(ip, IPv6Address):
        if (int(ip) >> 32) & 0xFFFF_FFFF in _ISATAP:
            return "IPv4 hidden in IPv6 (ISATAP)"
        if ip not in _PUBLIC_IPV6:
            return "reserved"
    return None


@dataclass(frozen=True, slots=True)
class AllowList:
    """Hosts that may be reached whatever their address, each with one port or with any (None).

    An entry excepts what stands in the URL: "127.0.0.1:8899" lets http://127.0.0.1:8899/ through, and not
    another name that happens to resolve to it.
    """

    entries: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "AllowList":
        """Read entries such as "localhost", "127.0.0.1:8899" or "[::1]:80"; raises ConfigError."""
        return cls(frozenset(_entry(text) for text in entries))

    def allows(self, host: str, port: int) -> bool:
        """Whether this host and port were excepted."""
        name = _canonical(host)
        return (name, port) in self.entries or (name, None) in self.entries


def parse_allow_hosts(text: str) -> tuple[str, ...]:
    """Split a comma-separated list (the value of SPADEWORK_ALLOW_HOSTS); raises ConfigError at a bad entry."""
    entries = tuple(part.strip() for part in text.split(",") if part.strip())
    AllowList.of(entries)
    return entries


def _canonical(host: str) -> str:
    name = host.lower().removesuffix(".")
    try:
        return str(ip_address(name))
    except ValueError:
        return name


def _entry(text: str) -> tuple[str, int | None]:
    entry = text.strip()
    if entry.startswith("["):
        host, closed, rest = entry[1:].partition("]")
        # Brackets are for IPv6: "[host]" or "[]" would be an entry that nothing can match.
        if not closed or ":" not in host or (rest and not rest.startswith(":")):
            raise _unusable(text)
        port = rest[1:] if rest else None
    elif entry.count(":") > 1:
        host, port = entry, None
    else:
        host, colon, after = entry.partition(":")
        port = after if colon else None
    if port is not None and not (port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536):
        raise _unusable(text)
    name = _canonical(host)
    plain = name.replace(".", "").replace("-", "").replace("_", "")
    if ":" in name:
        # A bare IPv6 address that did not parse must not silently become a name that never matches.
        if refusal(name) == "not an IP address":
            raise _unusable(text)
    elif not (plain.isascii() and plain.isalnum()):
        raise _unusable(text)
    return name, int(port) if port else None


def _unusable(text: str) -> ConfigError:
    return ConfigError(
        f"allowed host {text!r} cannot be used: write HOST, HOST:PORT or [IPV6]:PORT, without http:// or wildcards"
    )
