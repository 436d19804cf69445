"""Leads a browser from an address of no page to Home, which says so.

Streamlit answers every address with its own page, which then covers Home with words in English.
"""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OTHERS = ("api/", "component/")  # whose HTML is no page of Streamlit's


class Signpost:
    """Middleware around all that the server answers.

    `pages` are the names that pages have in addresses, `home` is where all others lead.
    """

    def __init__(self, app: ASGIApp, *, pages: Collection[str], home: str) -> None:
        self._app = app
        self._pages = frozenset(pages)
        self._home = home

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, unless that is a page where there is none."""
        if scope["type"] == "http" and self._is_stray(scope["path"].strip("/")):
            send = self._leading(scope, receive, send)
        await self._app(scope, receive, send)

    def _is_stray(self, path: str) -> bool:
        return bool(path) and path not in self._pages and not path.startswith(_OTHERS)

    def _leading(self, scope: Scope, receive: Receive, send: Send) -> Send:
        """Return what sends the way to Home in the place of a page, and all else as it is."""
        led = False

        async def leading(message: Message) -> None:
            nonlocal led
            if message["type"] == "http.response.start" and _is_page(message):
                led = True
                way = RedirectResponse(self._home, 303, {"Cache-Control": "no-cache"})
                await way(scope, receive, send)
            elif not led:
                await send(message)

        return leading


def _is_page(message: Message) -> bool:
    kind = Headers(raw=message["headers"]).get("content-type", "")
    return message["status"] == 200 and kind.startswith("text/html")
