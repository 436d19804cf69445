"""Sign-in and registration, drawn in place of whatever page was asked for."""

from pathlib import Path

import streamlit as st

from pages.components import session
from pages.components.errors import showing_errors

_PASSWORD_RULE = "At least 8 characters."  # noqa: S105 - a hint, no secret


def draw(mark: Path) -> None:
    """Draw the forms; a success reruns the page, which then shows what was asked for."""
    st.space("large")
    with (
        st.container(horizontal_alignment="center"),
        st.container(border=True, width=420, key="sign_in"),
    ):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.image(str(mark), width=44)
            st.title("Slipway", width="stretch")
        if session.platform().accounts.credentials():
            _draw_forms()
        else:
            st.markdown("Nobody is here yet. Make the first account: **you will be the admin.**")
            _draw_register("Create the admin account")


def _draw_forms() -> None:
    st.markdown("Turn a trained model file into a service that your team can call.")
    entering, registering = st.tabs(["Sign in", "Register"])
    with entering:
        _draw_sign_in()
    with registering:
        _draw_register("Create account")


def _draw_sign_in() -> None:
    with st.form("sign_in_form", border=False):
        name = st.text_input("Name", key="sign_in_name", autocomplete="username")
        password = st.text_input(
            "Password", type="password", key="sign_in_password", autocomplete="current-password"
        )
        if st.form_submit_button("Sign in", key="sign_in_submit", type="primary", width="stretch"):
            with showing_errors():
                session.sign_in(name, password)
                st.rerun()


def _draw_register(label: str) -> None:
    with st.form("register_form", border=False):
        name = st.text_input("Name", key="register_name", autocomplete="username")
        password = st.text_input(
            "Password",
            type="password",
            key="register_password",
            autocomplete="new-password",
            help=_PASSWORD_RULE,
        )
        again = st.text_input(
            "Password again", type="password", key="register_again", autocomplete="new-password"
        )
        if st.form_submit_button(label, key="register_submit", type="primary", width="stretch"):
            with showing_errors():
                session.register(name, password, again)
                st.rerun()
