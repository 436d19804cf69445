"""The dialogs that change models: upload, new version, edit, deploy, delete."""

import streamlit as st

from core.services.job_views import TaskFilter
from core.services.model_views import ModelView
from pages.components import checks, links, session
from pages.components.errors import showing_errors
from pages.components.text import plain, plural, short
from pages.components.uploads import received, title_of

_KINDS = ["pmml", "xml", "onnx", "joblib", "pkl", "pickle", "skops"]
_FILE_HELP = "PMML (.pmml, .xml), ONNX (.onnx) or scikit-learn (.joblib, .pkl, .skops)."
_VISIBILITIES = {
    "private": "Private: you and the admins",
    "team": "Team: everyone who signs in",
}


@st.dialog("Upload a model", width="medium")
def upload() -> None:
    """Receive a model file and its description; a success opens the model's page."""
    caller = session.require_caller()
    with st.form("models_upload_form", border=False):
        file = st.file_uploader("File", type=_KINDS, key="models_upload_file", help=_FILE_HELP)
        name = st.text_input(
            "Name",
            key="models_upload_name",
            max_chars=100,
            placeholder="Left empty, the file's name is taken",
        )
        description = st.text_area("Description", key="models_upload_description", height=80)
        visibility = draw_visibility("private", "models_upload_visibility")
        kind = st.text_input(
            "Type",
            key="models_upload_type",
            placeholder="Left empty, what the file says, such as classification",
        )
        notes = st.text_input("Notes on this version", key="models_upload_notes")
        expected = checks.draw_expected("models_upload_expected")
        if not st.form_submit_button("Upload", key="models_upload_submit", type="primary"):
            return
    platform = session.platform()
    with (
        showing_errors(),
        st.spinner("Reading the file and trying one prediction…"),
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
        said = checks.check_new(caller, view, expected)
        session.say(f"{view.model.name} is ready to be tried.{said}")
        st.switch_page(links.MODELS, query_params={"model": view.model.id})


def draw_visibility(now: str, key: str) -> str:
    """Draw the choice of who sees a model, and return it."""
    return st.radio(
        "Who sees it",
        list(_VISIBILITIES),
        index=list(_VISIBILITIES).index(now),
        format_func=_VISIBILITIES.__getitem__,
        key=key,
    )


@st.dialog("New version", width="medium")
def add_version(model: ModelView) -> None:
    """Receive a file that becomes the newest version; deployments stay with theirs."""
    caller = session.require_caller()
    st.markdown(
        f"The file becomes version {model.version + 1} of **{plain(model.name)}**. Running "
        "services keep the version that they have."
    )
    with st.form("models_version_form", border=False):
        file = st.file_uploader("File", type=_KINDS, key="models_version_file", help=_FILE_HELP)
        notes = st.text_input("What has changed", key="models_version_notes")
        expected = checks.draw_expected("models_version_expected")
        if not st.form_submit_button("Add version", key="models_version_submit", type="primary"):
            return
    platform = session.platform()
    with (
        showing_errors(),
        st.spinner("Reading the file and trying one prediction…"),
        received(file, platform.settings.max_model_bytes) as staged,
    ):
        view = platform.models.add_version(caller, model.id, staged, notes=notes)
        said = checks.check_new(caller, view, expected)
        session.say(f"Version {view.number} is added.{said}")
        st.rerun()


@st.dialog("Edit", width="medium")
def edit(model: ModelView) -> None:
    """Change a model's name, description, type and visibility."""
    caller = session.require_caller()
    with st.form("models_edit_form", border=False):
        name = st.text_input("Name", model.name, key="models_edit_name", max_chars=100)
        description = st.text_area(
            "Description", model.description, key="models_edit_description", height=120
        )
        kind = st.text_input("Type", model.model_type, key="models_edit_type")
        visibility = draw_visibility(model.visibility, "models_edit_visibility")
        if not st.form_submit_button("Save", key="models_edit_submit", type="primary"):
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
        session.say("Saved.")
        st.rerun()


@st.dialog("Delete this model?", width="medium")
def delete(model: ModelView) -> None:
    """Say what goes with a model, and delete it once that is confirmed."""
    caller = session.require_caller()
    platform = session.platform()
    services = platform.deployments.list_(caller, model.id)
    tasks = platform.jobs.list_(caller, TaskFilter(model_id=model.id), limit=1).total
    st.markdown(
        f"**{plain(short(model.name))}** goes for good, with {plural(model.versions, 'version')}, "
        f"{plural(len(services), 'deployment')} and {plural(tasks, 'task')} with their results."
    )
    running = [service for service in services if service.state == "running"]
    sure = not running or st.checkbox(
        f"Also end {plural(len(running), 'running service')}: programs that call them will fail.",
        key="models_delete_sure",
    )
    if st.button("Delete", key="models_delete_confirm", type="primary", disabled=not sure):
        with showing_errors():
            platform.models.delete(caller, model.id, with_deployments=True)
            session.say(f"{model.name} is deleted.")
            st.switch_page(links.MODELS)
