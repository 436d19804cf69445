"""The states that a version's schema has had, each of which can come back."""

import streamlit as st

from core.services.accounts import Caller
from core.services.model_views import VersionView
from core.services.revisions import RevisionView
from pages.components import rights, session
from pages.components.errors import showing_errors
from pages.components.language import _, said
from pages.components.text import ago, plain, short


def draw(caller: Caller, view: VersionView) -> None:
    """List the revisions of a version, newest first; nothing where the file alone speaks."""
    if not view.revision:
        return
    may_restore = rights.may_change(caller, view.model)
    with st.expander(
        _("Revisions ({revision})", revision=view.revision), icon=":material/history:"
    ):
        for revision in session.platform().revisions.list_(
            caller, view.model.id, version=view.number
        ):
            with st.container(horizontal=True, vertical_alignment="center"):
                _draw_revision(revision)
                if may_restore and revision.number != view.revision:
                    _draw_restore(caller, view, revision.number)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_("**What the file says**"))
            if may_restore:
                _draw_restore(caller, view, 0)


def _draw_revision(revision: RevisionView) -> None:
    st.markdown(
        _(
            "**Revision {number}** {note}",
            number=revision.number,
            note=plain(short(said(revision.note), 200)),
        )
    )
    st.caption(f"{plain(revision.created_by)} · {ago(revision.created)}")


def _draw_restore(caller: Caller, view: VersionView, number: int) -> None:
    if not st.button(_("Restore"), key=f"models_restore_{number}", icon=":material/undo:"):
        return
    with showing_errors():
        restored = session.platform().revisions.restore(
            caller, view.model.id, number, version=view.number
        )
        session.say(_("Revision {revision} is saved.", revision=restored.revision))
        st.rerun()
