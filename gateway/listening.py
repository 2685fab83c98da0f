"""The address on which a gateway listens, taken before anything else of the gateway is made."""

import errno
import logging
import socket
import time

from protocols.errors import UsageError

log = logging.getLogger(__name__)

_TRY_EVERY_S = 0.1


def url_of(host: str, port: int) -> str:
    """Write the address as a URL."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen(host: str, port: int, *, patience_s: float) -> list[socket.socket]:
    """Bind to every address of `host`; a predecessor that is still draining is waited for.

    Raises
    ------
    UsageError
        ADDRESS: it stays taken, or it is none of this machine's.
    """
    ends_at_s = time.monotonic() + patience_s
    told = False
    while True:
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= ends_at_s:
                raise UsageError(
                    "ADDRESS",
                    f"the gateway cannot listen on {url_of(host, port)} ({error.strerror}); stop"
                    " whatever uses it, or set another host or port",
                ) from error
        if not told:
            log.warning("%s is taken; waiting for it to become free", url_of(host, port))
            told = True
        time.sleep(_TRY_EVERY_S)


def _bound(host: str, port: int) -> list[socket.socket]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, number, _, address in dict.fromkeys(found):
            sock = socket.socket(family, kind, number)
            sockets.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
    except OSError:
        for sock in sockets:
            sock.close()
        raise
    return sockets
