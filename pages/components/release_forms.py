"""The dialogs in which people decide what is live: deploy, switch, delete."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.match_views import Verdict
from core.services.model_views import VersionView
from core.services.schema_changes import SchemaChange, schema_changes
from pages.components import checks, links, session
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, said
from pages.components.text import ago, plain, short

_SHOWN_CHANGES = 12


@dialog(N_("Deploy"), width="medium")
def deploy(view: VersionView) -> None:
    """Make a service of one version; a success opens the service's page."""
    caller = session.require_caller()
    name = st.text_input(
        _("Name of the service"),
        key="models_deploy_name",
        max_chars=100,
        placeholder=_("For example production"),
    )
    versions = session.platform().models.versions(caller, view.model.id)
    chosen = _draw_versions(caller, versions, view.number, "models_deploy_version")
    note = _draw_note("models_deploy_note")
    if not st.button(_("Deploy"), key="models_deploy_submit", type="primary"):
        return
    with showing_errors(), st.spinner(_("Loading the model…")):
        made = session.platform().deployments.create(
            caller, view.model.id, name, chosen.number, note=note
        )
        session.say(_("{name} is running.", name=made.name))
        st.switch_page(links.DEPLOYMENTS, query_params={"deployment": made.id})


@dialog(N_("Switch version"), width="medium")
def switch(service: DeploymentView) -> None:
    """Choose the version that a service answers with from now on, and see what that changes."""
    caller = session.require_caller()
    with showing_errors():
        versions = session.platform().models.versions(caller, service.model_id)
        others = [version for version in versions if version.id != service.version_id]
        if not others:
            st.info(_("The model has no other version yet. Add one on the page of the model."))
            return
        [live] = [version for version in versions if version.id == service.version_id]
        st.markdown(
            _(
                "Version {version} is live. It answers until the other is loaded.",
                version=service.version,
            )
        )
        chosen = _draw_versions(caller, others, others[0].number, "deployments_switch_version")
        _draw_changes(schema_changes(live.info, chosen.info))
        note = _draw_note("deployments_switch_note")
        if st.button(
            _("Switch to version {number}", number=chosen.number),
            key="deployments_switch_submit",
            type="primary",
        ):
            _switch(caller, service, chosen.number, note)


def _switch(caller: Caller, service: DeploymentView, version: int, note: str) -> None:
    with st.spinner(_("Loading the model…")):
        session.platform().releases.switch(caller, service.id, version, note=note)
    session.say(_("{name} answers with version {version} now.", name=service.name, version=version))
    st.rerun()


def _draw_versions(
    caller: Caller, versions: Sequence[VersionView], first: int, key: str
) -> VersionView:
    """Draw the choice of a version, and under it what is known of the one that is chosen."""
    by_number = {version.number: version for version in versions}
    verdicts = checks.newest(caller, versions[0].model.id)
    labels = {version.number: _label(version, verdicts) for version in versions}
    number = st.selectbox(
        _("Version"),
        list(labels),
        index=list(labels).index(first),
        format_func=labels.__getitem__,
        key=key,
    )
    chosen = by_number[number]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        checks.draw_badge(verdicts.get(chosen.id))
        st.caption(
            f"{plain(short(chosen.file_name, 60))} · {plain(chosen.created_by)} · "
            f"{ago(chosen.created)}"
        )
    if chosen.notes:
        st.text(short(said(chosen.notes), 500))
    return chosen


def _label(version: VersionView, verdicts: Mapping[str, Verdict]) -> str:
    parts = [_("Version {number}", number=version.number)]
    if verdict := verdicts.get(version.id):
        parts.append(
            _("agrees with its check") if verdict.agrees else _("does not agree with its check")
        )
    return " · ".join(parts)


def _draw_changes(changes: Sequence[SchemaChange]) -> None:
    """Warn of what programs that call the service will notice."""
    if not changes:
        st.caption(_("It takes and gives the same fields as the version that is live."))
        return
    lines = [f"- {plain(short(said(change.message), 300))}" for change in changes[:_SHOWN_CHANGES]]
    if len(changes) > _SHOWN_CHANGES:
        lines.append(_("- and {count:,} more", count=len(changes) - _SHOWN_CHANGES))
    st.warning(
        "\n".join([_("**Programs that call this service will notice:**"), "", *lines]),
        icon=":material/warning:",
    )


def _draw_note(key: str) -> str:
    return st.text_input(
        _("Why"), key=key, max_chars=500, placeholder=_("For the history; may be empty")
    )


@dialog(N_("Delete this deployment?"), width="medium")
def delete(service: DeploymentView) -> None:
    """Say what goes with a service, and delete it once that is confirmed."""
    caller = session.require_caller()
    st.markdown(
        _(
            "Programs that call **{name}** will fail. Its history and the record of its "
            "calls go with it; the model and the results of its tasks stay.",
            name=plain(short(service.name)),
        )
    )
    if st.button(_("Delete"), key="deployments_delete_confirm", type="primary"):
        with showing_errors():
            session.platform().deployments.delete(caller, service.id)
            session.say(_("{name} is deleted.", name=service.name))
            st.switch_page(links.DEPLOYMENTS)
