"""No spelling, no name and no second answer leads into a private network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import DNSLookupError

from newsbot.crawl.network.addresses import (
    PublicResolver,
    is_public,
    let_in,
    loopback_hosts,
    refused,
)
from newsbot.profiles import Site

PRIVATE = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.1.2.3 169.254.169.254 172.16.0.1 172.31.255.255
192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1
255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe fc00::1
fd00:ec2::254 fe80::1 fe80::1%eth0 ff02::1 2001:db8::1 2002:7f00:1:: 2002:0a00:0001::
64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b:1::1 2001:0:7f00:1:: 100::1
fec0::1 feff::1 3fff::1 3fff:fff::1 192.0.0.8 192.0.0.170 192.88.99.1 192.31.196.1 5f00::1 100:0:0:1::1
2001:2::1 2001:20::1 2001:1ff::1 2620:4f:8000::1 64:ff9b::8.8.8.8 ::ffff:8.8.8.8 4000::1 2a00::1%eth0
localhost 2130706433 0x7f.1 127.1 1.2.3 gazet.kz 1.2.3.4.5 -1
""".split()
PUBLIC = "8.8.8.8 1.1.1.1 91.135.200.1 172.32.0.1 192.169.0.1 2a00:1450:4001::1 192.0.1.1 2001:200::1 2620:4f:8001::1 3ffe::1".split()


@pytest.mark.parametrize("address", [*PRIVATE, ""])
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@given(st.text() | st.ip_addresses().map(str))
def test_any_text_gets_an_answer(text: str) -> None:
    assert is_public(text) in (True, False)


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_embedded_private_addresses(ip: object) -> None:
    number = int(ip)  # type: ignore[call-overload]
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    for spelling in (f"::ffff:{ip}", f"64:ff9b::{ip}", f"2002:{high}:{low}::", f"::{ip}"):
        assert not is_public(spelling)


class Resolver(PublicResolver):
    """Its lookups are answered by a table."""

    def __init__(self, table: dict[str, str], *sites: Site) -> None:
        self.table = table
        loopback_hosts.clear()
        for site in sites:
            let_in(site)


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(self: Resolver, name: str, timeout: object = ()) -> Deferred[str]:
        return succeed(self.table[name.lower()])

    monkeypatch.setattr(CachingThreadedResolver, "getHostByName", look_up)
    for name in (
        "http_proxy",
        "https_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


def answer(resolver: Resolver, name: str) -> object:
    results: list[object] = []
    resolver.getHostByName(name).addBoth(results.append)
    return getattr(results[0], "value", results[0])


def site(id: str, url: str) -> Site:
    return Site(id=id, name=id, url=url)


def test_a_name_is_judged_by_where_it_leads() -> None:
    resolver = Resolver(
        {"gazet.kz": "91.135.200.1", "evil.kz": "10.0.0.7", "2130706433": "127.0.0.1"}
    )
    assert answer(resolver, "gazet.kz") == "91.135.200.1"
    assert isinstance(answer(resolver, "evil.kz"), DNSLookupError)
    assert isinstance(answer(resolver, "2130706433"), DNSLookupError)
    assert refused["evil.kz"] == "10.0.0.7"


def test_an_answer_that_changes_is_judged_each_time() -> None:
    resolver = Resolver({"gazet.kz": "91.135.200.1"})
    assert answer(resolver, "gazet.kz") == "91.135.200.1"
    resolver.table["gazet.kz"] = "127.0.0.1"
    assert isinstance(answer(resolver, "GAZET.kz"), DNSLookupError)
    resolver.table["gazet.kz"] = "91.135.200.1"
    assert answer(resolver, "gazet.kz") == "91.135.200.1"
    assert "gazet.kz" not in refused


def test_a_loopback_site_reaches_its_own_host_and_no_other() -> None:
    table = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "gazet.kz": "127.0.0.1"}
    sites = site("demo", "http://127.0.0.1:8090/"), site("gazet", "http://gazet.kz/")
    resolver = Resolver(table, *sites)
    assert answer(resolver, "127.0.0.1") == "127.0.0.1"
    assert isinstance(answer(resolver, "localhost"), DNSLookupError)
    assert isinstance(answer(resolver, "gazet.kz"), DNSLookupError), "a public site's own name"


def test_an_ipv6_literal_needs_no_lookup_and_is_judged_alike() -> None:
    resolver = Resolver({}, site("demo", "http://[::1]:8090/"))
    assert answer(resolver, "2a00:1450:4001::1") == "2a00:1450:4001::1"
    assert answer(resolver, "::1") == "::1", "the site's own host"
    for private in ("::ffff:127.0.0.1", "fd00:ec2::254", "fe80::1", "64:ff9b::10.0.0.1"):
        assert isinstance(answer(resolver, private), DNSLookupError)
    assert isinstance(answer(Resolver({}), "::1"), DNSLookupError)


def test_the_operators_proxy_may_be_private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.lan:3128")
    resolver = Resolver({"proxy.lan": "10.1.1.1", "other.lan": "10.1.1.2"})
    assert answer(resolver, "proxy.lan") == "10.1.1.1"
    assert isinstance(answer(resolver, "other.lan"), DNSLookupError)
