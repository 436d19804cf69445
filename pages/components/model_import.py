"""A model as an archive: the dialog that brings one in, and the button that gives one."""

import streamlit as st

from core.services.accounts import Caller
from core.services.model_views import ModelView
from pages.components import links, model_forms, session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, said
from pages.components.uploads import received


@dialog(N_("Import a model"), width="medium")
def import_() -> None:
    """Receive an archive of a model; a success opens the model's page."""
    caller = session.require_caller()
    st.markdown(
        _(
            "An archive that **Export** on a model's page gave, here or elsewhere. Its files are "
            "opened and tried as every upload is, and its checks are made again."
        )
    )
    with st.form("models_import_form", border=False):
        file = st.file_uploader(_("Archive"), type=["zip"], key="models_import_file")
        name = st.text_input(
            _("Name"),
            key="models_import_name",
            max_chars=100,
            placeholder=_("Left empty, the name in the archive is taken"),
        )
        visibility = model_forms.draw_visibility("private", "models_import_visibility")
        if not st.form_submit_button(_("Import"), key="models_import_submit", type="primary"):
            return
    platform = session.platform()
    with (
        showing_errors(),
        st.spinner(_("Reading the files and trying one prediction with each…")),
        received(file, platform.settings.max_model_bytes) as staged,
    ):
        imported = platform.model_archives.import_(caller, staged, name=name, visibility=visibility)
        more = "".join(" " + _("Not checked: {why}", why=said(each)) for each in imported.unchecked)
        session.say(
            _("{name} is ready to be tried.{more}", name=imported.view.model.name, more=more)
        )
        st.switch_page(links.MODELS, query_params={"model": imported.view.model.id})


def draw_export(caller: Caller, model: ModelView) -> None:
    """Draw the button that gives a model with all its versions as one archive."""
    st.download_button(
        _("Export"),
        lambda: b"".join(session.platform().model_archives.export(caller, model.id)),
        file_name=f"{model.name}.slipway.zip",
        mime="application/zip",
        key="models_export",
        icon=":material/archive:",
        on_click="ignore",
        help=_("All versions with their revisions, notes and checks, to import elsewhere."),
    )
