"""Types in files that are not allowed: what admins decide on, and how one's requests stand."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.services.accounts import Caller, Role
from core.services.approvals import ApprovalView, Decision
from pages.components import links, session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, plural, said
from pages.components.states import draw_state
from pages.components.text import ago, listed, plain, short

_SHOWN_DECIDED = 30
_WARNING = N_("""
Approving lets the code of these classes run **inside Slipway**, with content that comes from the
file: when the file is opened, each time it is loaded, and with every record that it scores.
Slipway checks where the classes come from; it cannot check what their code does with this file.

Approve only what you would run on this machine yourself: you know who made the file, and you trust
these packages. It holds for this one file (SHA-256 `{sha256}…`) and these types, until you revoke
it.
""")
_REVOKING = N_("""
Versions made of this file are not loaded any more: their services answer with an error, and nobody
can try them. The versions themselves stay, and work again when you approve once more.
""")
_SAID = {
    Decision.PENDING: N_("holds types that are not allowed. The admins are asked."),
    Decision.APPROVED: N_("is approved. Upload the same file again, and it is taken."),
    Decision.DECLINED: N_("was declined. Ask an admin, or export the model as ONNX or PMML."),
    Decision.REVOKED: N_("was approved, and is no more: versions made of it are not loaded."),
}


def draw_requests(caller: Caller) -> None:
    """Draw what admins are asked, then what they decided."""
    requests = session.platform().approvals.list_(caller)
    pending = [each for each in requests if each.state is Decision.PENDING]
    decided = [each for each in requests if each.state is not Decision.PENDING]
    st.caption(
        _(
            "A scikit-learn file may ask for classes that Slipway does not take by itself. An "
            "admin may approve them for that one file."
        )
    )
    if not pending:
        st.info(_("Nobody waits for an approval."))
    for request in pending:
        _draw_request(request)
    if decided:
        st.header(_("Decided"))
    for request in decided[:_SHOWN_DECIDED]:
        _draw_request(request)


def count_waiting(caller: Caller) -> int:
    """Return how many files wait for a decision of the caller; only admins decide."""
    if caller.role is not Role.ADMIN:
        return 0
    requests = session.platform().approvals.list_(caller)
    return sum(request.state is Decision.PENDING for request in requests)


def draw_waiting(waiting: int) -> None:
    """Tell how many files wait for a decision, with the way there."""
    if waiting:
        label = plural(
            waiting,
            "{count} file waits for your approval (Admin, Approvals)",
            "{count} files wait for your approval (Admin, Approvals)",
        )
        st.page_link(links.ADMIN, label=label, icon=":material/verified_user:")


def _draw_request(request: ApprovalView) -> None:
    with st.container(border=True, key=f"admin_approval_{request.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(short(request.file_name))}**", width="content")
            draw_state(request.state)
        st.caption(_story(request))
        st.dataframe(_types(request), hide_index=True, key=f"admin_types_{request.id}")
        with st.container(horizontal=True):
            _draw_decisions(request)


def _story(request: ApprovalView) -> str:
    parts = [
        _("{asked_by} asked {asked}", asked_by=plain(request.asked_by), asked=ago(request.asked))
    ]
    if request.decided:
        parts.append(
            _(
                "{state} by {decided_by} {decided}",
                state=said(request.state),
                decided_by=plain(request.decided_by),
                decided=ago(request.decided),
            )
        )
    if request.used:
        parts.append(_("a version was made of it"))
    return " · ".join([*parts, f"SHA-256 {request.sha256[:16]}…"])


def _types(request: ApprovalView) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                _("Package"): each.origin,
                _("Class"): each.name,
                _("Approval"): said(each.reason or each.standing),
            }
            for each in request.types
        ]
    )


def _draw_decisions(request: ApprovalView) -> None:
    if request.state is Decision.APPROVED:
        if st.button(_("Revoke"), key=f"admin_revoke_{request.id}", icon=":material/gpp_bad:"):
            _revoke(request)
        return
    if request.missing:
        st.caption(
            _(
                "Install {missing}, start Slipway again, and have {asked_by} upload the file "
                "once more; then it can be approved.",
                missing=plain(listed(request.missing)),
                asked_by=plain(request.asked_by),
            )
        )
    elif st.button(
        _("Approve"), key=f"admin_approve_{request.id}", icon=":material/verified_user:"
    ):
        _approve(request)
    if request.state is Decision.PENDING:
        st.button(
            _("Decline"),
            key=f"admin_decline_{request.id}",
            icon=":material/block:",
            on_click=_decline,
            args=(request,),
        )


@dialog(N_("Approve for this file?"), width="medium")
def _approve(request: ApprovalView) -> None:
    """Say what approving means, and approve once that is confirmed."""
    st.markdown(
        _(
            "**{file_name}**, from {asked_by}, asks for:",
            file_name=plain(request.file_name),
            asked_by=plain(request.asked_by),
        )
    )
    st.dataframe(
        _types(request)[[_("Package"), _("Class")]], hide_index=True, key="admin_approve_types"
    )
    st.warning(_(_WARNING, sha256=request.sha256[:16]), icon=":material/warning:")
    if st.button(_("Approve"), key="admin_approve_confirm", type="primary"):
        _decide(session.platform().approvals.approve, request)


@dialog(N_("Revoke the approval?"), width="medium")
def _revoke(request: ApprovalView) -> None:
    """Say what revoking means, and revoke once that is confirmed."""
    st.markdown(
        _(
            "**{file_name}**, from {asked_by}",
            file_name=plain(request.file_name),
            asked_by=plain(request.asked_by),
        )
    )
    st.markdown(_(_REVOKING))
    if st.button(_("Revoke"), key="admin_revoke_confirm", type="primary"):
        _decide(session.platform().approvals.revoke, request)


def _decide(decide: Callable[[Caller, str], ApprovalView], request: ApprovalView) -> None:
    with showing_errors():
        view = decide(session.require_caller(), request.id)
        session.say(
            _("{file_name} is {state}.", file_name=request.file_name, state=said(view.state))
        )
        st.rerun()


def _decline(request: ApprovalView) -> None:
    with showing_errors():
        session.platform().approvals.decline(session.require_caller(), request.id)
        session.say(_("{file_name} is declined.", file_name=request.file_name))


def draw_own(caller: Caller) -> None:
    """Draw how those of the caller's requests stand that are open, or were decided lately."""
    for request in session.platform().approvals.list_news(caller):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            draw_state(request.state)
            types = plural(len(request.types), "{count} type", "{count} types")
            st.caption(
                _(
                    "**{file_name}** ({types}, asked {asked}) {decision}",
                    file_name=plain(short(request.file_name)),
                    types=types,
                    asked=ago(request.asked),
                    decision=_(_SAID[request.state]),
                ),
                width="stretch",
            )
