"""addresses: a name is looked up once, and what it leads to must lie in the public Internet.

Checked where Twisted resolves: it connects to exactly the address that was checked, so neither a
redirect, a spelling (`2130706433`, `0x7f.1`) nor a second DNS answer can lead elsewhere.

Private, why, and until when:

- `CachingThreadedResolver`: Scrapy's resolver, made by the process for all crawls at once, is
  the one place that sees each address. Until Scrapy can refuse private addresses itself:
  `test_names_of_private_addresses_are_resolved`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.abstract import isIPv6Address
from twisted.internet.defer import succeed
from twisted.internet.error import DNSLookupError

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from newsbot.profiles import Site

logger = logging.getLogger(__name__)

loopback_hosts: set[str] = set()
"""Hosts of the sites crawled in this process that are this machine itself."""
refused: dict[str, str] = {}
"""Host → the address for which it was last refused, in this process, like Scrapy's DNS cache."""


class PrivateAddress(Exception):
    """The host's name leads into a private network, or to this machine."""


_UNICAST = ip_network("2000::/3")
"""All of IPv6 that is given out as addresses of the Internet."""
_SPECIAL = [
    ip_network(text)
    for text in """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15
198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20
""".split()
]
"""What the IANA special-purpose registries and multicast hold of IPv4 and of `_UNICAST`.

Written out, as Python's own tables differ from version to version. Some of it can be reached from
everywhere, such as the anycast services of 192.0.0.0/24; no newspaper is there.
"""


def let_in(site: Site) -> None:
    """Allow the hosts of a site that is this machine itself."""
    if site.is_loopback:
        loopback_hosts.update(urlsplit(f"//{netloc}").hostname or "" for netloc in site.netlocs)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public Internet (IANA special-purpose registries).

    False for private, shared, loopback, link-local, multicast, documentation, reserved and unspecified
    ones, for IPv6 that embeds IPv4 (mapped, NAT64, 6to4, Teredo), and for what is no address.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    given_out = ip.version == 4 or (ip in _UNICAST and not getattr(ip, "scope_id", None))
    return given_out and not any(ip in network for network in _SPECIAL)


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver (IPv4 for names, literals of both kinds), refusing what is not public.

    Exempt are `loopback_hosts` (what such a site may ask for is checked by `OwnSiteMiddleware`, with
    ports) and a proxy that the operator has set.
    """

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802
        """The address of a host. Fails with `DNSLookupError` where it is unknown or not public."""
        found = succeed(name) if isIPv6Address(name) else super().getHostByName(name, timeout)
        return found.addCallback(self._checked, name.lower())

    def _checked(self, address: str, name: str) -> str:
        if (
            is_public(address)
            or (name in loopback_hosts and ip_address(address).is_loopback)
            or name in {urlsplit(proxy).hostname for proxy in getproxies().values()}
        ):
            refused.pop(name, None)
            return address
        if refused.get(name) != address:
            logger.warning("refused to connect to %s: %s is not a public address", name, address)
        refused[name] = address
        raise DNSLookupError(f"{name} is {address}, not a public address")
