"""Names and public addresses that are played on loopback: nobody can tell but `Wire`, which notes every connection."""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import httpcore
from spadework.tools.web.addresses import AllowList
from spadework.tools.web.transport import GuardedBackend, SafeTransport

SITE, COLLECT = "93.184.216.34", "93.184.216.66"
NAMES: dict[str, Sequence[Sequence[str]]] = {
    "orr.example": [[SITE]],
    "notes.example": [[SITE]],
    "collect.example": [[COLLECT]],
    "rebind.example": [[SITE], ["127.0.0.1"]],
    "intranet.example": [["10.0.0.8"]],
    "metadata.example": [["169.254.169.254"]],
}


class Wire(httpcore.AsyncNetworkBackend):
    """Opens connections to public addresses on loopback, and notes each that it was asked for."""

    def __init__(self, ports: dict[str, int]) -> None:
        self._ports = ports
        self.dialled: list[str] = []
        inner: object = httpcore.AnyIOBackend()
        assert isinstance(inner, httpcore.AsyncNetworkBackend)
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        if host not in self._ports:
            raise httpcore.ConnectError("no route")
        return await self._inner.connect_tcp("127.0.0.1", self._ports[host], timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@dataclass
class Resolver:
    """Answers for the names of the test; numbers, in whatever spelling, as the system would."""

    answers: dict[str, list[Sequence[str]]] = field(default_factory=lambda: {name: [*a] for name, a in NAMES.items()})

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        host = host.removesuffix(".")
        if known := self.answers.get(host):
            return known.pop(0) if len(known) > 1 else known[0]
        if host == "localhost":
            return ["127.0.0.1", "::1"]
        found = socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
        return [str(entry[4][0]) for entry in found]


def guarded(wire: Wire, resolver: Resolver | None = None, *allow: str) -> SafeTransport:
    """The transport as it is used, with these wires below it and these names."""
    return SafeTransport(backend=GuardedBackend(AllowList.of(allow), resolve=resolver or Resolver(), inner=wire))
