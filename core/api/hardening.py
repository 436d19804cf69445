"""What stands around every answer, of pages and API alike: headers that bind browsers, and a guard.

Streamlit's own addresses for files ask for a sign-in here: it knows none itself.
Sources: https://owasp.org/www-project-secure-headers/, https://www.w3.org/TR/CSP3/
"""

from collections.abc import Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.services.sign_in_cookie import COOKIE, SECRET, cookie_key, sign_in_of

if TYPE_CHECKING:
    from core.platform import Platform

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STRICT_TRANSPORT = "max-age=31536000"

_API = ("/api/", "/v2", "/invocations", "/metrics")
_API_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_MEDIA = "/media/"
_MEDIA_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
_UPLOADS = "/_stcore/upload_file/"
_COMPONENTS = "/component/"
# It tells anybody how many sessions there are; /metrics asks for a token.
_CLOSED = {"/_stcore/metrics"}


def page_policy(scripts: Iterable[str] = ()) -> str:
    """Return the content security policy of pages; `scripts` are sources beside the server itself.

    Streamlit writes styles into its elements, and draws pictures that it was given as data.
    """
    allowed = " ".join(("'self'", *scripts))
    return (
        f"default-src 'self'; script-src {allowed}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; "
        "connect-src 'self'; worker-src 'self' blob:; frame-src 'self'; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    )


class Hardened:
    """Middleware around all that the server answers.

    `scripts` are the sources of scripts that pages may run beside files of the server.
    """

    def __init__(
        self, app: ASGIApp, *, platform: Callable[[], "Platform"], scripts: Iterable[str] = ()
    ) -> None:
        self._app = app
        self._platform = platform
        self._page_policy = page_policy(scripts)
        self._component_policy = page_policy(("'unsafe-inline'",))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with headers; or refuse what it would give anybody."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headed = self._heading(scope, send)
        path = scope["path"]
        if path in _CLOSED:
            await PlainTextResponse("Not found", 404)(scope, receive, headed)
        elif path.startswith((_MEDIA, _UPLOADS)) and not self._is_signed_in(scope):
            await PlainTextResponse("Sign in first", 403)(scope, receive, headed)
        else:
            await self._app(scope, receive, headed)

    def _heading(self, scope: Scope, send: Send) -> Send:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(scope, message)
            await send(message)

        return headed

    def _add(self, scope: Scope, message: MutableMapping[str, Any]) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", self._policy(scope["path"]))
        if scope["scheme"] == "https":
            headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
            message["headers"] = [_secured(*header) for header in headers.raw]

    def _policy(self, path: str) -> str:
        if path.startswith(_API) or path == "/api":
            return _API_POLICY
        if path.startswith(_MEDIA):
            return _MEDIA_POLICY
        return self._component_policy if path.startswith(_COMPONENTS) else self._page_policy

    def _is_signed_in(self, scope: Scope) -> bool:
        if scope["method"] == "OPTIONS":
            return True
        token = _cookie(Headers(scope=scope).get("cookie", ""))
        platform = self._platform()
        key = cookie_key(platform.files.secret(SECRET), platform.settings.cookie_days)
        sign_in = sign_in_of(token, key) if token else ""
        return bool(sign_in) and platform.sign_ins.find(sign_in) is not None


def _cookie(header: str) -> str:
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _secured(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Return a header; a cookie in it goes over TLS alone."""
    is_open = name.lower() == b"set-cookie" and b"secure" not in value.lower().split(b"; ")
    return name, value + b"; Secure" if is_open else value
