"""Which addresses are refused, and how exceptions are written."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from spadework.tools.errors import ConfigError
from spadework.tools.web.addresses import AllowList, parse_allow_hosts, refusal

REFUSED = {
    "cloud metadata": [
        "169.254.169.254",
        "169.254.169.253",
        "169.254.170.0",
        "169.254.170.255",
        "169.254.0.23",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    ],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],
    "loopback": ["127.0.0.0", "127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1", "fec0::1"],
    "link-local": ["169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "documentation": ["192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::1", "3fff::1"],
    "benchmarking": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "reserved": [
        "192.0.0.1",
        "192.88.99.1",
        "240.0.0.1",
        "255.255.255.255",
        "100::1",
        "2001:10::1",
        "4000::1",
        "5f00::1",
    ],
    "IPv4 hidden in IPv6 (mapped)": ["::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1"],
    "IPv4 hidden in IPv6 (compatible)": ["::127.0.0.1", "::10.0.0.1"],
    "IPv4 hidden in IPv6 (NAT64)": ["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1"],
    "IPv4 hidden in IPv6 (6to4)": ["2002:7f00:1::1"],
    "IPv4 hidden in IPv6 (Teredo)": ["2001:0:4136:e378:8000:63bf:80ff:fffe"],
    "IPv4 hidden in IPv6 (ISATAP)": ["2a00:1450::5efe:127.0.0.1", "2a00:1450::200:5efe:10.0.0.1"],
    "not an IP address": ["localhost", "127.1", "0x7f.0.0.1", "2130706433", "", "1.2.3.4/32", "017.0.0.1"],
}
PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1"]
NEIGHBOURS = [
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
]
"""The last address before, and the first after, what is refused."""
PUBLIC_IPV6 = ["2606:4700::1111", "2a00:1450:4001::200e", "2620:fe::fe", "2001:4860:4860::8888"]


@pytest.mark.parametrize(("name", "address"), [(name, one) for name, many in REFUSED.items() for one in many])
def test_each_class_is_refused_by_name(name: str, address: str) -> None:
    assert refusal(address) == name


@pytest.mark.parametrize("address", PUBLIC + NEIGHBOURS + PUBLIC_IPV6)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert refusal(address) is None


@given(st.one_of(st.ip_addresses(), st.ip_addresses(v=4), st.ip_addresses(v=6)))
@example(IPv4Address("192.0.0.8"))
@example(IPv6Address("2001:1::1"))
def test_nothing_passes_that_python_does_not_call_global(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert refusal(address)


@given(st.ip_addresses(v=4))
def test_hiding_an_address_in_ipv6_never_helps(hidden: IPv4Address) -> None:
    number = int(hidden)
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::", "2a00::5efe:0:0"):
        assert refusal(IPv6Address(int(IPv6Address(prefix)) | number))
    assert refusal(IPv6Address(0x2002 << 112 | number << 80))


@given(st.text())
def test_any_text_is_judged_and_never_raises(text: str) -> None:
    refusal(text)


@pytest.mark.parametrize(
    ("entry", "host", "port", "allowed"),
    [
        ("localhost", "localhost", 8080, True),
        ("LocalHost.", "localhost", 80, True),
        ("localhost:8080", "localhost", 8080, True),
        ("localhost:8080", "localhost", 8081, False),
        ("localhost", "evil.localhost", 80, False),
        ("localhost", "localhost.evil.test", 80, False),
        ("127.0.0.1:8899", "127.0.0.1", 8899, True),
        ("127.0.0.1", "127.1", 80, False),
        ("[::1]:80", "::1", 80, True),
        ("[::1]:80", "::1", 81, False),
        ("[0:0:0:0:0:0:0:1]", "::1", 9, True),
        ("::1", "::1", 443, True),
    ],
)
def test_an_entry_allows_what_stands_in_the_url(entry: str, host: str, port: int, allowed: bool) -> None:
    assert AllowList.of([entry]).allows(host, port) is allowed


def test_the_setting_is_a_comma_separated_list() -> None:
    assert parse_allow_hosts(" localhost:8080, [::1]:80 ,,127.0.0.1 ") == ("localhost:8080", "[::1]:80", "127.0.0.1")
    assert parse_allow_hosts("") == ()


BAD_HOSTS = ["http://localhost", "*", "*.test", "a b", "", "münchen.de", "host/path", "[::1", "[::1]80", "[a]:1"]
BAD_PORTS = ["host:", "host:0", "host:99999", "host:x", ":80", "1:2:3", "a:80:90"]


@pytest.mark.parametrize("entry", BAD_HOSTS + BAD_PORTS)
def test_an_entry_that_could_never_match_is_refused_with_its_value(entry: str) -> None:
    with pytest.raises(ConfigError) as caught:
        AllowList.of([entry])
    assert repr(entry) in str(caught.value)
    assert "HOST:PORT" in str(caught.value)
