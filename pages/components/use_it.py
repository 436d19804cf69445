"""The tab from which people copy a call of a service, with what they tried and a token in it."""

import streamlit as st

from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.tokens import NewToken
from pages.components import session, snippets
from pages.components.account_parts import LIFETIMES
from pages.components.errors import showing_errors
from pages.components.language import _, named_by
from pages.components.text import stamp


def draw(deployment_id: str) -> None:
    """Draw the tab; as a fragment, so that a token leaves the page at the next look at it.

    The token is in no state of the session: it is known in the run that makes it, and written into
    the calls of that run alone.
    """
    st.fragment(_draw)(deployment_id)


def _draw(deployment_id: str) -> None:
    caller = session.require_caller()
    with showing_errors():
        platform = session.platform()
        service = platform.deployments.get_by_id(caller, deployment_id)
        view = platform.models.get_by_id(caller, service.model_id, service.version)
        st.markdown(_("Address of this service: `{endpoint}`", endpoint=service.endpoint))
        made = _draw_token(caller, service)
        example = snippets.example_of(
            service.model_id,
            "/api/deployment/predict",
            _fields(caller, service),
            view.info,
            endpoint=service.endpoint,
            token=made.token if made else "",
        )
        told = _(
            "The calls below send what you tried last, or the model's sample record where you have "
            "tried none. All fields and answers are described at "
            "[/api/docs]({origin}/api/docs).",
            origin=snippets.origin(),
        )
        st.markdown(f":small[{told}]")
        snippets.draw_calls(example, "deployments_use")


def _fields(caller: Caller, service: DeploymentView) -> dict[str, str]:
    fields = {"modelname": service.model_name, "deployment": service.name}
    return fields if service.owner == caller.name else {**fields, "owner": service.owner}


def _draw_token(caller: Caller, service: DeploymentView) -> NewToken | None:
    """Draw the form for a token; return the one that was made in this run."""
    with (
        st.form("deployments_token_form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input(
            _("Name of the token"),
            service.name,
            key=f"deployments_token_name_{service.id}",
            max_chars=100,
            width=220,
        )
        days = st.selectbox(
            _("Valid for"),
            list(LIFETIMES),
            index=1,
            format_func=named_by(LIFETIMES),
            key="deployments_token_days",
            width=130,
        )
        asked = st.form_submit_button(
            _("Make a token for these calls"), key="deployments_token_submit", icon=":material/key:"
        )
    if asked:
        with showing_errors():
            made = session.platform().accounts.create_token(caller, name, days)
            st.success(
                _(
                    "The calls below have the token in them. Copy one now: it is not shown again. "
                    "It ends {expires}; the Account page lists your tokens and revokes them.",
                    expires=stamp(made.expires),
                ),
                icon=":material/key:",
            )
            return made
    return None
