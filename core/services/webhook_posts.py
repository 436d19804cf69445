"""Posts JSON to an address that a user gave, without becoming a way into the network around us.

The name is looked up once, the address found is judged, and that very address is connected to: a
second answer of the name server changes nothing. Redirects are not followed. Addresses that are
not on the open internet are refused unless the operator allows them.
"""

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from urllib.parse import SplitResult, urlsplit

from core.errors import InvalidInput

SIGNATURE, MOMENT, NUMBER = "X-Slipway-Signature", "X-Slipway-Timestamp", "X-Slipway-Delivery"
_SECONDS = 10.0
_LONGEST_URL = 2000
_PORTS = {"http": 80, "https": 443}
_OWN = "is an address inside a network; the operator would have to allow it"


class UndeliveredError(Exception):
    """A post did not arrive; the message says why in a sentence."""


def clean_url(url: str, *, private: bool) -> str:
    """Return an address that may be posted to; raises InvalidInput with what is allowed."""
    url = url.strip()
    parts = _split(url)
    if len(url) > _LONGEST_URL:
        raise InvalidInput(f"The address is longer than {_LONGEST_URL:,} letters.")
    if parts is None or parts.scheme not in _PORTS or not parts.hostname:
        raise InvalidInput(f'"{url[:80]}" is no address that starts with https:// or http://.')
    if parts.username is not None:
        raise InvalidInput("Leave name and password out of the address; calls are signed instead.")
    if not private and (parts.hostname == "localhost" or _is_inside(parts.hostname)):
        raise InvalidInput(f"{parts.hostname} {_OWN}.")
    return url


def signature(secret: str, moment: str, body: bytes) -> str:
    """Return what proves that a post is from here: HMAC-SHA256 of moment, a full stop, and body."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


def post(url: str, body: bytes, headers: dict[str, str], *, private: bool) -> int:
    """Post and return the status; raises UndeliveredError where there is no answer in time."""
    parts = urlsplit(url)
    connection = _connection(parts, private=private)
    overdue = threading.Timer(2 * _SECONDS, _cut, (connection,))
    overdue.daemon = True
    overdue.start()
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise UndeliveredError(f"No answer: {_reason(error)}.") from error
    finally:
        overdue.cancel()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was judged, whatever the name means by now."""

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=_SECONDS)
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        """Connect, and for https check the certificate against the name."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host) if self._tls else plain


def _connection(parts: SplitResult, *, private: bool) -> _Pinned:
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    return _Pinned(host, port, _judged(host, port, private=private), tls)


def _judged(host: str, port: int, *, private: bool) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UndeliveredError(f"{host} is not known: {_reason(error)}.") from error
    for entry in found:
        address = str(entry[4][0])
        if private or not _is_inside(address):
            return address
    raise UndeliveredError(f"{host} {_OWN}.")


def _is_inside(address: str) -> bool:
    """Return whether this is an address, and one that is not on the open internet."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return not found.is_global or found.is_multicast


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for what is no port
    except ValueError:
        return None
    return parts


def _cut(connection: http.client.HTTPConnection) -> None:
    """End a post whose other side sends so slowly that no timeout of one reading ends it."""
    if connection.sock is not None:
        connection.sock.close()


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:200]
