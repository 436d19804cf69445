"""A version's preprocessing step: the query that makes the model's inputs of what callers send."""

import streamlit as st

from core.services.accounts import Caller
from core.services.model_views import VersionView
from pages.components import links, rights, session, step_edit
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog

_HELP = "preprocess-raw-fields"


def draw(caller: Caller, view: VersionView) -> None:
    """Draw a version's step; whoever may change the model edits it, or reads what one is for."""
    may_change = rights.may_change(caller, view.model)
    if view.edits.step is None:
        if may_change:
            _draw_none(caller, view)
        return
    st.header(_("Preprocessing"))
    st.markdown(
        _(
            "Callers send the fields of the table `input`; the model gets what this query makes of "
            "them. The form, JSON, files and tasks all go through it."
        )
    )
    st.code(view.edits.step.sql, language="sql", wrap_lines=True)
    raw, made = view.info.input_schema.names, [field.name for field in view.info.model_inputs]
    st.markdown(_("Sent by callers: {fields}", fields=step_edit.named(raw)))
    st.markdown(_("Made for the model: {fields}", fields=step_edit.named(made)))
    with st.container(horizontal=True, vertical_alignment="center"):
        if may_change:
            _draw_changes(view)
        links.to_help(_HELP, _("How to write a query"), ":material/help:")


def _draw_changes(view: VersionView) -> None:
    if st.button(_("Change the query"), key="models_step_edit", icon=":material/edit:"):
        step_edit.edit(view, view.edits.step)
    if st.button(_("Remove"), key="models_step_remove", icon=":material/delete:"):
        _remove(view)


def _draw_none(caller: Caller, view: VersionView) -> None:
    st.header(_("Preprocessing"))
    st.caption(
        _(
            "Callers send the model's inputs as they are. A query in SQL can compute them from "
            "what callers have, such as an age from a year of birth."
        )
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_("Write a query"), key="models_step_add", icon=":material/code:"):
            step_edit.edit(view, None)
        _draw_take_over(caller, view)
        links.to_help(_HELP, _("How to write a query"), ":material/help:")


def _draw_take_over(caller: Caller, view: VersionView) -> None:
    """Offer the step of the newest other version that has one."""
    versions = session.platform().models.versions(caller, view.model.id)
    other = next((each for each in versions if each.edits.step is not None), None)
    if other is None:
        return
    label = _("Take over the query of version {number}", number=other.number)
    if st.button(label, key="models_step_take", icon=":material/content_copy:"):
        step_edit.edit(view, other.edits.step)


@dialog(N_("Remove the preprocessing"))
def _remove(view: VersionView) -> None:
    """Ask before a version's step is taken away."""
    st.markdown(_("Callers must then send the model's own inputs. Its revisions keep the query."))
    for as_new, label in (
        (False, _("Remove it")),
        (True, _("Remove it in a new version of the same file")),
    ):
        key = f"models_step_remove_{'new' if as_new else 'now'}"
        if not st.button(label, key=key, type="secondary" if as_new else "primary"):
            continue
        with showing_errors():
            saved = session.platform().revisions.set_step(
                session.require_caller(), view.model.id, None, version=view.number, as_new=as_new
            )
            step_edit.say_saved(saved, as_new=as_new)
            st.rerun()
