"""The dialogs that change models: upload, new version, edit, deploy, delete."""

from functools import partial

import streamlit as st

from core.services.job_views import TaskFilter
from core.services.model_views import ModelView
from pages.components import checks, links, session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, named_by, plural
from pages.components.text import plain, short
from pages.components.uploads import received, title_of

_KINDS = ["pmml", "xml", "onnx", "joblib", "pkl", "pickle", "skops"]
_FILE_HELP = N_("PMML (.pmml, .xml), ONNX (.onnx) or scikit-learn (.joblib, .pkl, .skops).")
_VISIBILITIES = {
    "private": N_("Private: you and the admins"),
    "team": N_("Team: everyone who signs in"),
}


@dialog(N_("Upload a model"), width="medium", on_dismiss=partial(links.ask_no_more, links.UPLOAD))
def upload() -> None:
    """Receive a model file and its description; a success opens the model's page."""
    caller = session.require_caller()
    with st.form("models_upload_form", border=False):
        file = st.file_uploader(
            _("File"), type=_KINDS, key="models_upload_file", help=_(_FILE_HELP)
        )
        name = st.text_input(
            _("Name"),
            key="models_upload_name",
            max_chars=100,
            placeholder=_("Left empty, the file's name is taken"),
        )
        description = st.text_area(_("Description"), key="models_upload_description", height=80)
        visibility = draw_visibility("private", "models_upload_visibility")
        with st.expander(_("More options")):
            kind = st.text_input(
                _("Type"),
                key="models_upload_type",
                placeholder=_("Left empty, what the file says, such as classification"),
            )
            notes = st.text_input(_("Notes on this version"), key="models_upload_notes")
            expected = checks.draw_expected("models_upload_expected")
        if not st.form_submit_button(_("Add model"), key="models_upload_submit", type="primary"):
            return
    platform = session.platform()
    with (
        showing_errors(),
        st.spinner(_("Reading the file and trying one prediction…")),
        received(file, platform.settings.max_model_bytes) as staged,
    ):
        view = platform.models.add(
            caller,
            name or title_of(file),
            staged,
            description=description,
            model_type=kind,
            visibility=visibility,
            notes=notes,
        )
        more = checks.check_new(caller, view, expected)
        session.say(_("{name} is ready to be tried.{more}", name=view.model.name, more=more))
        st.switch_page(links.MODELS, query_params={"model": view.model.id})


def draw_visibility(now: str, key: str) -> str:
    """Draw the choice of who sees a model, and return it."""
    return st.radio(
        _("Who sees it"),
        list(_VISIBILITIES),
        index=list(_VISIBILITIES).index(now),
        format_func=named_by(_VISIBILITIES),
        key=key,
    )


@dialog(N_("New version"), width="medium")
def add_version(model: ModelView) -> None:
    """Receive a file that becomes the newest version; deployments stay with theirs."""
    caller = session.require_caller()
    st.markdown(
        _(
            "The file becomes version {version} of **{name}**. Running services keep the "
            "version that they have.",
            version=model.version + 1,
            name=plain(model.name),
        )
    )
    with st.form("models_version_form", border=False):
        file = st.file_uploader(
            _("File"), type=_KINDS, key="models_version_file", help=_(_FILE_HELP)
        )
        notes = st.text_input(
            _("What has changed"),
            key="models_version_notes",
            placeholder=_("For the history; may be empty"),
        )
        expected = checks.draw_expected("models_version_expected")
        if not st.form_submit_button(_("Add version"), key="models_version_submit", type="primary"):
            return
    platform = session.platform()
    with (
        showing_errors(),
        st.spinner(_("Reading the file and trying one prediction…")),
        received(file, platform.settings.max_model_bytes) as staged,
    ):
        view = platform.models.add_version(caller, model.id, staged, notes=notes)
        more = checks.check_new(caller, view, expected)
        session.say(_("Version {number} is added.{more}", number=view.number, more=more))
        st.rerun()


@dialog(N_("Edit the model"), width="medium")
def edit(model: ModelView) -> None:
    """Change a model's name, description, type and visibility."""
    caller = session.require_caller()
    with st.form("models_edit_form", border=False):
        name = st.text_input(_("Name"), model.name, key="models_edit_name", max_chars=100)
        description = st.text_area(
            _("Description"), model.description, key="models_edit_description", height=120
        )
        kind = st.text_input(_("Type"), model.model_type, key="models_edit_type")
        visibility = draw_visibility(model.visibility, "models_edit_visibility")
        if not st.form_submit_button(_("Save"), key="models_edit_submit", type="primary"):
            return
    with showing_errors():
        session.platform().models.update(
            caller,
            model.id,
            name=name,
            description=description,
            model_type=kind,
            visibility=visibility,
        )
        session.say(_("Saved."))
        st.rerun()


@dialog(N_("Delete this model?"), width="medium")
def delete(model: ModelView) -> None:
    """Say what goes with a model, and delete it once that is confirmed."""
    caller = session.require_caller()
    platform = session.platform()
    services = platform.deployments.list_(caller, model.id)
    tasks = platform.jobs.list_(caller, TaskFilter(model_id=model.id), limit=1).total
    st.markdown(
        _(
            "**{name}** goes for good, with {versions}, {deployments} and {tasks} with their "
            "results.",
            name=plain(short(model.name)),
            versions=plural(model.versions, "{count} version", "{count} versions"),
            deployments=plural(len(services), "{count} deployment", "{count} deployments"),
            tasks=plural(tasks, "{count} task", "{count} tasks"),
        )
    )
    running = [service for service in services if service.state == "running"]
    sure = not running or st.checkbox(
        _(
            "Also end {services}: calls will fail.",
            services=plural(len(running), "{count} running service", "{count} running services"),
        ),
        key="models_delete_sure",
    )
    if st.button(_("Delete"), key="models_delete_confirm", type="primary", disabled=not sure):
        with showing_errors():
            platform.models.delete(caller, model.id, with_deployments=True)
            session.say(_("{name} is deleted.", name=model.name))
            st.switch_page(links.MODELS)
