"""The sample models on the pages: the button that adds them, and their data to try them with."""

import io
from collections.abc import Sequence

import streamlit as st

from core.inputs.recognition import recognise
from core.services.accounts import Caller
from core.services.model_views import VersionView
from core.services.samples import SampleData, SampleView
from pages.components import links, session
from pages.components.errors import showing_errors
from pages.components.language import _
from pages.components.text import plain
from pages.components.trial_choice import Target


def draw_adding(caller: Caller, key: str, *, primary: bool = False) -> None:
    """Draw the button that adds the sample models, unless the caller has all of them."""
    missing = [each for each in session.platform().samples.list_(caller) if not each.model_id]
    if missing and st.button(
        _("Add the sample models"),
        key=key,
        type="primary" if primary else "secondary",
        icon=":material/science:",
        help=_("Four small models with data to try everything with. Delete them like any other."),
    ):
        with showing_errors():
            _add(caller, missing)


def _add(caller: Caller, missing: Sequence[SampleView]) -> None:
    progress = st.progress(0.0)
    for place, sample in enumerate(missing):
        progress.progress(place / len(missing), _("Adding {name}…", name=plain(sample.name)))
        session.platform().samples.add(caller, sample.key)
    session.say(_("The sample models are yours now. Open one and choose Try it."))
    st.switch_page(links.MODELS)


def draw_data(caller: Caller, target: Target) -> None:
    """Draw the data of a sample model, to be taken or scored at once; nothing for other models."""
    data = session.platform().samples.data(target.view)
    if data is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            _("This model brings **{name}** along.", name=plain(data.name)), width="stretch"
        )
        _draw_download(data, "predict_sample_download")
        if st.button(
            _("Score the sample file"),
            key="predict_sample_submit",
            type="primary",
            icon=":material/start:",
        ):
            with showing_errors():
                _submit(caller, target, data)


def draw_download_of(view: VersionView, key: str) -> None:
    """Draw the button that takes the data of a sample model; nothing for other models."""
    data = session.platform().samples.data(view)
    if data is not None:
        _draw_download(data, key)


def _draw_download(data: SampleData, key: str) -> None:
    st.download_button(
        _("Sample data"),
        data.write,
        file_name=data.name,
        mime="application/octet-stream",
        key=key,
        icon=":material/download:",
        on_click="ignore",
    )


def _submit(caller: Caller, target: Target, data: SampleData) -> None:
    platform = session.platform()
    limit = platform.settings.max_input_bytes
    staged = platform.files.stage(io.BytesIO(data.write()), data.name, limit)
    kind = recognise(staged.path, staged.name)
    task = platform.jobs.submit(caller, target.view, staged, kind=kind, deployment=target.service)
    st.switch_page(links.TASKS, query_params={"task": task.id})
