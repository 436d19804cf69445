"""A tab without a browser: speaks Streamlit's websocket as its pages do, and keeps what goes wrong.

Sources: `streamlit/proto/*.proto` for the messages, `starlette_websocket.py` of Streamlit's server
for the address and the subprotocol. What a message of the cache refers to is never asked for,
because a client that names no message in its cache is sent each one whole.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

_LONGEST_S = 60
_LARGEST = 1 << 26
_PART_OVER = (ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,)
_OVER = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_WITH_COMPILE_ERROR)


class Tab:
    """One open tab; `errors` are sentences of what went wrong in it since it was opened."""

    def __init__(self, socket: ClientConnection) -> None:
        self.errors: list[str] = []
        self.messages = 0
        self._socket = socket
        self._pages: dict[str, str] = {}
        self._page = ""
        self._query = ""
        self._buttons: dict[str, str] = {}  # the id of each, and the fragment that it is in
        self._presses = False
        self._over = asyncio.Event()
        self._live: dict[str, asyncio.Task[None]] = {}

    async def open(self, page: str, query: str = "") -> float:
        """Show a page by its name in the address, and return the seconds until its script ended."""
        await self._stop_live()
        self._query = query
        message = BackMsg()
        if page in self._pages:
            self._page = message.rerun_script.page_script_hash = self._pages[page]
        else:
            message.rerun_script.page_name = page
        return await self._run(message)

    async def press(self, key: str) -> float:
        """Press the button of a key, and return the seconds until what it does has been drawn."""
        [button] = [each for each in self._buttons if each.endswith(f"-{key}")]
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.fragment_id = self._buttons[button]
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = button, True
        self._presses = True
        taken = await self._run(message)
        self._presses = False
        return taken

    async def listen(self) -> None:
        """Take what the server sends until the tab is closed."""
        try:
            async for data in self._socket:
                message = ForwardMsg()
                message.ParseFromString(bytes(data, "utf-8") if isinstance(data, str) else data)
                self._take(message)
        except ConnectionClosed as error:
            self.errors.append(f"the socket was closed: {error}")
        self._over.set()

    async def close(self) -> None:
        """Close the tab."""
        await self._stop_live()
        await self._socket.close()

    async def _run(self, message: BackMsg) -> float:
        state = message.rerun_script
        state.query_string = self._query
        state.context_info.timezone, state.context_info.locale = "Europe/London", "en-GB"
        self._over.clear()
        begun = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        try:
            await asyncio.wait_for(self._over.wait(), _LONGEST_S)
        except TimeoutError:
            self.errors.append(f"a page took longer than {_LONGEST_S} s")
        return time.perf_counter() - begun

    def _take(self, message: ForwardMsg) -> None:
        self.messages += 1
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash or self._page
        elif kind == "delta":
            self._take_delta(message.delta)
        elif kind == "auto_rerun":
            self._keep_live(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "page_not_found":
            self.errors.append("a page was not found")
        elif kind == "script_finished":
            over = (*_OVER, *(_PART_OVER if self._presses else ()))
            if message.script_finished in over:
                self._over.set()

    def _take_delta(self, delta: Delta) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        element: Element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(f"an exception: {element.exception.message}")
        elif kind == "alert" and element.alert.format == Alert.ERROR:
            self.errors.append(f"an error: {element.alert.body}")
        elif kind == "page_link":
            self._pages[element.page_link.page] = element.page_link.page_script_hash
        elif kind == "button":
            self._buttons[element.button.id] = delta.fragment_id

    def _keep_live(self, fragment: str, seconds: float) -> None:
        if fragment not in self._live:
            self._live[fragment] = asyncio.create_task(self._rerun_on(fragment, seconds))

    async def _rerun_on(self, fragment: str, seconds: float) -> None:
        """Draw a part of the page anew, again and again, as a browser's timer does."""
        while True:
            await asyncio.sleep(seconds)
            message = BackMsg()
            state = message.rerun_script
            state.fragment_id, state.is_auto_rerun = fragment, True
            state.page_script_hash, state.query_string = self._page, self._query
            try:
                await self._socket.send(message.SerializeToString())
            except ConnectionClosed:
                return  # whoever listens tells of it

    async def _stop_live(self) -> None:
        self._buttons.clear()
        for task in self._live.values():
            task.cancel()
        await asyncio.gather(*self._live.values(), return_exceptions=True)
        self._live.clear()


@asynccontextmanager
async def open_tab(url: str, cookie: str) -> AsyncIterator[Tab]:
    """Open a tab whose browser has the cookie of a sign-in."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    headers = {"Cookie": f"slipway={cookie}"}
    async with connect(
        address,
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers=headers,
        origin=url,  # type: ignore[arg-type]
        max_size=_LARGEST,
    ) as socket:
        tab = Tab(socket)
        listening = asyncio.create_task(tab.listen())
        try:
            yield tab
        finally:
            await tab.close()
            await listening
