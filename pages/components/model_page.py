"""The page of one model: what it is, its versions, its services, and how to call it."""

from functools import partial

import pandas as pd
import streamlit as st

from core.runtimes.base import ModelInfo
from core.schema import Field, Schema
from core.services.accounts import Caller
from core.services.model_views import ModelView, VersionView
from pages.components import (
    checks,
    comparison,
    image_recipes,
    links,
    missing,
    model_forms,
    model_import,
    preprocessing,
    release_forms,
    revision_list,
    rights,
    rows,
    sample_models,
    schema_edit,
    session,
    snippets,
)
from pages.components.deployment_list import state_of
from pages.components.errors import showing_errors
from pages.components.language import N_, _, said
from pages.components.states import badge_of, draw_state
from pages.components.tables import height_of
from pages.components.task_list import draw_newest
from pages.components.text import ago, listed, plain, short, size, stamp

_FORMATS = {"pmml": "PMML", "onnx": "ONNX", "sklearn": "scikit-learn"}
_ADDED = {"label": N_("Label"), "unit": N_("Unit"), "description": N_("Description")}


def draw(caller: Caller, model_id: str) -> None:
    """Draw a model at its newest version, or at the one that the address names."""
    with showing_errors():
        with missing.told(links.MODELS, _("All models")):
            newest = session.platform().models.get_by_id(caller, model_id)
        links.back(links.MODELS, _("All models"))
        with missing.told(links.MODELS, newest.model.name, {"model": model_id}):
            view = _chosen_version(caller, newest)
        _draw_head(caller, view)
        _draw_tabs(caller, view)


def _chosen_version(caller: Caller, newest: VersionView) -> VersionView:
    """Return the version that is looked at; chosen in the tab of versions."""
    asked = links.asked_version()
    if asked is None or asked == newest.number:
        return newest
    return session.platform().models.get_by_id(caller, newest.model.id, asked)


def _draw_head(caller: Caller, view: VersionView) -> None:
    model = view.model
    st.title(plain(short(model.name, 120)))
    with st.container(horizontal=True, gap="xsmall"):
        st.badge(plain(short(said(model.model_type), 40)), color="violet")
        st.badge(_FORMATS.get(view.info.format, view.info.format), color="gray")
        st.badge(
            _("version {number} of {all}", number=view.number, all=model.version),
            color="gray",
        )
        draw_state(model.visibility)
        checks.draw_badge(checks.newest(caller, model.id).get(view.id))
    st.caption(
        _(
            "{owner} · made {created} · last change {updated}",
            owner=plain(model.owner),
            created=ago(model.created),
            updated=ago(model.updated),
        )
    )
    if model.description:
        st.text(said(model.description))
    with showing_errors():
        session.platform().approvals.require(view.source, view.info.trusted)
    for warning in view.info.warnings:
        st.warning(plain(said(warning)), icon=":material/warning:")
    _draw_actions(caller, view)


def _draw_actions(caller: Caller, view: VersionView) -> None:
    model = view.model
    with st.container(horizontal=True, vertical_alignment="center"):
        links.to_trial("models_try", model=model.id, version=str(view.number))
        if rights.may_change(caller, model):
            _draw_changes(view)
        with st.popover(_("Download"), icon=":material/download:"):
            _draw_downloads(caller, view)
        if rights.may_change(caller, model):
            _draw_delete(model)


def _draw_changes(view: VersionView) -> None:
    model = view.model
    if st.button(_("Deploy"), key="models_deploy", type="primary", icon=":material/rocket_launch:"):
        release_forms.deploy(view)
    if st.button(_("New version"), key="models_version", icon=":material/upload:"):
        model_forms.add_version(model)
    if st.button(_("Edit"), key="models_edit", icon=":material/edit:"):
        model_forms.edit(model)


def _draw_downloads(caller: Caller, view: VersionView) -> None:
    st.download_button(
        _("Model file"),
        lambda: session.platform().files.artifact(view.source).read_bytes(),
        file_name=view.file_name,
        mime="application/octet-stream",
        key="models_download",
        icon=":material/download:",
        on_click="ignore",
    )
    model_import.draw_export(caller, view.model)
    sample_models.draw_download_of(view, "models_sample_data")


def _draw_delete(model: ModelView) -> None:
    if st.button(_("Delete"), key="models_delete", icon=":material/delete:"):
        model_forms.delete(model)


def _draw_tabs(caller: Caller, view: VersionView) -> None:
    about, versions, checked, services, tasks, call = st.tabs(
        [
            _("Inputs and outputs"),
            _("Versions"),
            _("Checks"),
            _("Deployments"),
            _("Tasks"),
            _("Call it"),
        ]
    )
    with about:
        _draw_information(caller, view)
    with versions:
        _draw_versions(caller, view.model)
    with checked:
        _draw_checks(caller, view)
    with services:
        _draw_services(caller, view.model)
    with tasks:
        draw_newest(caller, model=view.model.id)
    with call:
        _draw_call(caller, view)


def _draw_checks(caller: Caller, view: VersionView) -> None:
    expected, versions = st.tabs([_("Expected outputs"), _("Compare versions")])
    with expected:
        checks.draw(caller, view)
    with versions:
        comparison.draw(caller, view)


def _draw_information(caller: Caller, view: VersionView) -> None:
    info = view.info
    if rights.may_change(caller, view.model) and st.button(
        _("Edit inputs and outputs"), key="models_schema", icon=":material/edit_note:"
    ):
        schema_edit.edit(view)
    st.header(_("Inputs ({count})", count=len(info.inputs)))
    _draw_table(table_of(info.input_schema, inputs=True), "models_inputs")
    image_recipes.draw(caller, view)
    preprocessing.draw(caller, view)
    st.header(_("Outputs ({count})", count=len(info.outputs)))
    _draw_table(table_of(info.output_schema, inputs=False), "models_outputs")
    revision_list.draw(caller, view)
    st.header(_("About the file"))
    st.dataframe(_facts(view, info), hide_index=True, key="models_facts", height="content")


def _draw_table(table: pd.DataFrame, key: str) -> None:
    st.dataframe(table, hide_index=True, key=key, height=height_of(len(table)))


def table_of(schema: Schema, *, inputs: bool) -> pd.DataFrame:
    """Return fields as a table for reading: what a model says of each, and what people added."""
    table = pd.DataFrame([_row(field, inputs=inputs) for field in schema])
    unused = [
        _(name)
        for each, name in _ADDED.items()
        if not any(getattr(field, each) for field in schema)
    ]
    return table.drop(columns=unused, errors="ignore")


def _row(field: Field, *, inputs: bool) -> dict[str, str]:
    row = {
        _("Name"): field.name,
        _("Label"): said(field.label),
        _("Type"): said(field.type),
        _("Range"): short(field.range, 300) or _("any"),
        _("Unit"): field.unit,
        _("Dimension"): said(field.dimension),
        _("Optype"): said(field.optype),
        _("Description"): said(field.description),
    }
    if inputs:
        row[_("Missing")] = _missing(field)
    return row


def _missing(field: Field) -> str:
    if not field.nullable:
        return _("not allowed")
    return said(field.missing) or _("allowed")


def _facts(view: VersionView, info: ModelInfo) -> pd.DataFrame:
    facts = {
        _("Algorithm"): said(info.algorithm),
        _("Function"): said(info.function),
        _("Engine"): info.engine,
        _("File"): f"{view.file_name}, {size(view.size)}",
        "SHA-256": view.source,
        _("Types approved"): listed(info.trusted),
        _("Added"): _(
            "{created} by {created_by}", created=stamp(view.created), created_by=view.created_by
        ),
        _("Notes"): said(view.notes),
        **{
            said(f"{name[:1].upper()}{name[1:]}"): said(value)
            for name, value in info.details.items()
        },
    }
    rows = [{_("What"): name, _("Value"): value} for name, value in facts.items() if value]
    return pd.DataFrame(rows)


def _draw_versions(caller: Caller, model: ModelView) -> None:
    verdicts = checks.newest(caller, model.id)
    for view in session.platform().models.versions(caller, model.id):
        story = (
            f"{plain(short(view.file_name, 60))} · {size(view.size)} · "
            f"{plain(view.created_by)} · {ago(view.created)}"
        )
        rows.draw(
            f"models_version_row_{view.number}",
            partial(_draw_version, view),
            [checks.badge_of(verdicts.get(view.id)), f":small[:gray[{story}]]"],
        )


def _draw_version(view: VersionView) -> None:
    with st.container(gap="xsmall"):
        st.page_link(
            links.MODELS,
            label=_("Version {number}", number=view.number),
            icon=":material/history:",
            query_params={"model": view.model.id, "version": str(view.number)},
        )
        if view.notes:
            st.caption(plain(short(said(view.notes), 200)))


def _draw_services(caller: Caller, model: ModelView) -> None:
    services = session.platform().deployments.list_(caller, model.id)
    if not services:
        st.info(_("Not deployed yet. A deployment gives the model an address that programs call."))
    for service in services:
        story = _(
            "version {version} · made {created}",
            version=service.version,
            created=ago(service.created),
        )
        rows.draw(
            f"models_service_{service.id}",
            partial(links.to_deployment, service.id, service.name, ""),
            [badge_of(state_of(service)), f":small[:gray[{story}]]"],
        )


def _draw_call(caller: Caller, view: VersionView) -> None:
    fields = {"modelname": view.model.name, "version": str(view.number)}
    if view.model.owner != caller.name:
        fields["owner"] = view.model.owner
    st.markdown(_("Try this version from a program. Make the token on the Account page."))
    example = snippets.example_of(view.model.id, "/api/model/test", fields, view.info)
    snippets.draw_calls(example, "models_use")
    st.caption(_("For calls that count and are watched, deploy the model and call the deployment."))
