"""Sign-in and registration, drawn in place of whatever page was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from core.services.accounts import Caller
from core.services.live_settings import Registration
from pages.components import language, session, single_sign_on
from pages.components.errors import showing_errors
from pages.components.language import N_, _
from pages.components.text import plain

_PASSWORD_RULE = N_("At least 8 characters.")
_AFTERWARDS = {
    Registration.OPEN: "",
    Registration.APPROVAL: N_("An admin has to approve your account before you can sign in."),
}


def draw(mark: Path) -> None:
    """Draw the forms; a success reruns the page, which then shows what was asked for."""
    with _card(mark):
        if session.platform().accounts.credentials():
            _draw_forms()
        else:
            st.markdown(_("Nobody is here yet. Make the first account: **you will be the admin.**"))
            _draw_register(_("Create the admin account"))
        language.draw_choice("sign_in")


def draw_new_password(caller: Caller, mark: Path) -> None:
    """Draw the form that whoever came with a one-time password has to fill in first."""
    with _card(mark):
        st.markdown(
            _(
                "Welcome, **{name}**. Your password was good for one sign-in; choose your own now.",
                name=plain(caller.name),
            )
        )
        with st.form("first_password_form", border=False):
            old = st.text_input(
                _("The password that you were given"),
                type="password",
                key="first_password_old",
                autocomplete="current-password",
            )
            new, again = ask_new_password("first_password")
            asked = st.form_submit_button(
                _("Set password"), key="first_password_submit", type="primary", width="stretch"
            )
        if asked:
            with showing_errors():
                session.change_password(caller, old, new, again)
                st.rerun()
        st.button(_("Sign out"), key="first_password_sign_out", on_click=session.sign_out)
        language.draw_choice("first_password")


@contextmanager
def _card(mark: Path) -> Iterator[None]:
    st.space("large")
    with (
        st.container(horizontal_alignment="center"),
        st.container(border=True, width=420, key="sign_in"),
    ):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.image(str(mark), width=44, alt="")
            st.title("Slipway", width="stretch")
        yield


def _draw_forms() -> None:
    st.markdown(_("Turn a trained model file into a service that your team can call."))
    single_sign_on.draw()
    rule = session.platform().accounts.registration
    if rule is Registration.CLOSED:
        _draw_sign_in()
        st.caption(_("No account yet? An admin can make you one."))
        return
    entering, registering = st.tabs([_("Sign in"), _("Register")])
    with entering:
        _draw_sign_in()
    with registering:
        if _AFTERWARDS[rule]:
            st.info(_(_AFTERWARDS[rule]))
        _draw_register(_("Create account"))


def _draw_sign_in() -> None:
    with st.form("sign_in_form", border=False):
        name = st.text_input(_("User name"), key="sign_in_name", autocomplete="username")
        password = st.text_input(
            _("Password"), type="password", key="sign_in_password", autocomplete="current-password"
        )
        if st.form_submit_button(
            _("Sign in"), key="sign_in_submit", type="primary", width="stretch"
        ):
            with showing_errors():
                session.sign_in(name, password)
                st.rerun()


def _draw_register(label: str) -> None:
    with st.form("register_form", border=False):
        name = st.text_input(_("User name"), key="register_name", autocomplete="username")
        password, again = ask_new_password("register")
        if st.form_submit_button(label, key="register_submit", type="primary", width="stretch"):
            with showing_errors():
                session.register(name, password, again)
                st.rerun()


def ask_new_password(prefix: str) -> tuple[str, str]:
    """Draw the two fields of a new password and return what they hold."""
    key = "register_password" if prefix == "register" else f"{prefix}_new"
    labels = (N_("Password"), N_("Password again"))
    if prefix != "register":
        labels = (N_("New password"), N_("New password again"))
    first, second = (
        st.text_input(text, type="password", key=name, autocomplete="new-password", help=rule)
        for text, name, rule in (
            (_(labels[0]), key, _(_PASSWORD_RULE)),
            (_(labels[1]), f"{prefix}_again", None),
        )
    )
    return first, second
