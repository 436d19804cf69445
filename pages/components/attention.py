"""What somebody should look at first, each with its reason and the way to it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st

from core.services.calls import Counts
from core.services.dashboard import FailedCheck, FailedTask, Outlook, UnusedModel
from core.services.deployment_views import DeploymentView
from core.services.thresholds import Health, Level
from pages.components import approval_parts, health, links
from pages.components.deployment_list import model_of
from pages.components.language import N_, _, plural, said
from pages.components.rows import lines
from pages.components.text import ago, plain, short

T = TypeVar("T")

_SHOWN = 3
_NEARLY_FULL = 0.9
_WIDTH = 30  # of a name, in a card
_MODEL = 18  # of a model's, before its version


def draw(
    services: Sequence[DeploymentView],
    counts: Mapping[str, Counts],
    healths: Mapping[str, Health],
    outlook: Outlook,
    *,
    files: int,
) -> None:
    """Draw what is wrong, the worst first; or that nothing is. `files` wait for an approval."""
    ailing = [service for service in services if health.ails(healths[service.id])]
    ailing.sort(key=lambda service: healths[service.id].level is not Level.RED)
    failing = [each for each in services if _fails_unjudged(each, counts, healths)]
    st.header(_("Needs attention"))
    if outlook.disk_used > _NEARLY_FULL:
        used = _(
            "The disk is {used:.0%} full; uploads and tasks fail once it is full.",
            used=outlook.disk_used,
        )
        st.warning(used, icon=":material/hard_drive:")
    elif not (ailing or failing or outlook.tasks or outlook.checks or outlook.waiting or files):
        st.markdown(_(":green[:material/check_circle:] All is well."))
    if outlook.waiting:
        waiting = plural(
            outlook.waiting,
            "{count} person waits to be let in",
            "{count} people wait to be let in",
        )
        st.page_link(
            links.ADMIN,
            label=waiting,
            icon=":material/person_add:",
        )
    approval_parts.draw_waiting(files)
    _draw_some(
        "services",
        N_("Show all {count:,} services"),
        ailing,
        lambda service: _draw_service(service, healths[service.id]),
    )
    _draw_some(
        "failing",
        N_("Show all {count:,} services with errors"),
        failing,
        lambda each: _draw_failing(each, counts[each.id]),
    )
    _draw_some("tasks", N_("Show all {count:,} tasks"), outlook.tasks, _draw_task)
    _draw_some("checks", N_("Show all {count:,} checks"), outlook.checks, _draw_check)


def draw_unused(outlook: Outlook) -> None:
    """Draw the models that nobody has used for a month."""
    if not outlook.unused:
        return
    count = plural(
        len(outlook.unused),
        "{count} model was not used for a month",
        "{count} models were not used for a month",
    )
    folded = st.expander(count, key="home_unused", icon=":material/bedtime:", on_change="rerun")
    if folded.open:
        with folded:
            st.caption(_("Nobody has called these models or given them a file."))
            with st.grid("auto", min_column_width=260):
                for model in outlook.unused:
                    _draw_unused(model)


def _draw_some(kind: str, label: str, found: Sequence[T], draw_one: Callable[[T], None]) -> None:
    """Draw the first of what was found, and the others where somebody wants them."""
    shown = found
    if len(found) > _SHOWN and not st.session_state.get(f"home_all_{kind}"):
        shown = found[:_SHOWN]
    if shown:
        with st.grid("auto", min_column_width=260):
            for each in shown:
                with st.container(border=True, gap="xxsmall", height="stretch"):
                    draw_one(each)
    if len(found) > _SHOWN:
        st.toggle(_(label, count=len(found)), key=f"home_all_{kind}")


def _draw_service(service: DeploymentView, how: Health) -> None:
    links.to_deployment(service.id, service.name, model_of(service, _MODEL), width=_WIDTH)
    st.markdown(lines([health.badge_of(how), *health.reasons_of(how)]))


def _fails_unjudged(
    service: DeploymentView, counts: Mapping[str, Counts], healths: Mapping[str, Health]
) -> bool:
    """Return whether calls of a service failed today that is called too seldom to be judged."""
    count = counts.get(service.id)
    return bool(count and count.errors) and healths[service.id].level is Level.UNKNOWN


def _draw_failing(service: DeploymentView, count: Counts) -> None:
    links.to_deployment(service.id, service.name, model_of(service, _MODEL), width=_WIDTH)
    told = _(
        "{errors:,} of {calls} failed in the last 24 hours.",
        errors=count.errors,
        calls=plural(count.calls, "{count} call", "{count} calls"),
    )
    st.markdown(f":small[:orange[{told}]]")


def _draw_task(task: FailedTask) -> None:
    links.to_task(task.id, task.file_name or task.id, width=_WIDTH)
    told = _(
        ":red[failed] {created}: {message}",
        created=ago(task.created),
        message=plain(short(said(task.message), 120)),
    )
    st.markdown(f":small[{told}]")


def _draw_check(check: FailedCheck) -> None:
    links.to_model(check.model_id, check.model, width=_WIDTH)
    told = _(
        ":red[Version {version} answers differently since an upgrade.] {sentence}",
        version=check.version,
        sentence=plain(short(said(check.sentence), 160)),
    )
    st.markdown(f":small[{told}]")


def _draw_unused(model: UnusedModel) -> None:
    used = _("last used {last}", last=ago(model.last)) if model.last else _("never used")
    links.to_model(model.id, model.name, f"{short(model.owner, 20)} · {used}", width=_WIDTH)
