"""The home page; imported by the server, it is also the ASGI application of pages and HTTP."""

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from core.api.app import routes
from core.api.hardening import Hardened
from core.api.signpost import Signpost
from core.platform import close_platform, shared_platform
from pages.components import errors, links, overview, policy


@asynccontextmanager
async def _lifespan(_: st.App) -> AsyncIterator[None]:
    """Open the platform before the first visitor, so that tasks resume; close it at the end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every start
    await run_in_threadpool(shared_platform)
    # What is loaded now stays; without it the garbage collector has little to look through.
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        await run_in_threadpool(close_platform)


if st.runtime.exists():
    overview.draw()
else:
    app = st.App(
        __file__,
        routes=routes(shared_platform),
        middleware=[
            Middleware(Hardened, platform=shared_platform, scripts=policy.inline_scripts()),
            Middleware(Signpost, pages=links.names(), home=links.STRAYED),
        ],
        lifespan=_lifespan,
        on_script_error=errors.on_script_error,
    )
