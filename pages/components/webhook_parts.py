"""The webhook of one's account: where it is told of the end of tasks, and what came of it."""

import pandas as pd
import streamlit as st

from core.services.accounts import Caller
from core.services.webhooks import HookView
from pages.components import session
from pages.components.errors import showing_errors
from pages.components.language import _, said
from pages.components.text import plain, stamp

_SHOWN = 20


def draw(caller: Caller) -> None:
    """Draw where the account is told, the form for another address, and the last deliveries."""
    st.markdown(
        _(
            "When a task of yours ends, Slipway posts its id, state and counts as JSON to this "
            "address."
        )
    )
    made = _draw_form(caller)
    if made is not None:
        st.success(_("Copy the secret now; it is not shown again."), icon=":material/key:")
        st.code(made.secret, language=None, wrap_lines=True)
        st.caption(
            _(
                "X-Slipway-Signature is sha256= and the HMAC of X-Slipway-Timestamp, a full stop "
                "and the body with it."
            )
        )
    hook = session.platform().webhooks.find(caller)
    if hook is None:
        st.caption(_("No webhook is set."))
        return
    _draw_hook(hook)
    _draw_deliveries(caller)


def _draw_form(caller: Caller) -> HookView | None:
    with (
        st.form("account_hook_form", clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        url = st.text_input(
            _("Address"), key="account_hook_url", placeholder="https://example.org/slipway"
        )
        sent = st.form_submit_button(_("Set the webhook"), key="account_hook_set")
    if sent:
        with showing_errors():
            return session.platform().webhooks.set(caller, url)
    return None


def _draw_hook(hook: HookView) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall", width="stretch"):
            st.markdown(f"**{plain(hook.url)}**")
            st.caption(_("since {created}", created=stamp(hook.created)))
        st.button(_("Send a trial"), key="account_hook_try", on_click=_try_out)
        st.button(_("Remove"), key="account_hook_remove", on_click=_remove)


def _draw_deliveries(caller: Caller) -> None:
    found = session.platform().webhooks.deliveries(caller, _SHOWN)
    if not found:
        st.caption(_("Nothing was sent yet."))
        return
    rows = [
        {
            _("made"): stamp(each.created),
            _("task"): each.task_id or _("trial"),
            _("state"): said(each.state),
            _("attempts"): each.attempts,
            _("last attempt"): said(each.detail),
        }
        for each in found
    ]
    st.dataframe(pd.DataFrame(rows), key="account_hook_deliveries", hide_index=True)


def _try_out() -> None:
    with showing_errors():
        session.platform().webhooks.try_out(session.require_caller())


def _remove() -> None:
    with showing_errors():
        session.platform().webhooks.delete(session.require_caller())
