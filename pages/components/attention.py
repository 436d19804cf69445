"""What somebody should look at first, each with its reason and the way to it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import zip_longest

import streamlit as st

from core.services.calls import Counts
from core.services.dashboard import FailedCheck, FailedTask, Outlook, UnusedModel
from core.services.deployment_views import DeploymentView
from core.services.thresholds import Health, Level
from pages.components import approval_parts, health, links
from pages.components.deployment_list import link_on_card
from pages.components.language import _, plural, said
from pages.components.rows import lines, page_of
from pages.components.text import ago, plain, short

_SHOWN = 3
_UNUSED_PAGE = 12
_NEARLY_FULL = 0.9


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
        [
            [partial(_draw_service, each, healths[each.id]) for each in ailing],
            [partial(_draw_failing, each, counts[each.id]) for each in failing],
            [partial(_draw_task, task) for task in outlook.tasks],
            [partial(_draw_check, check) for check in outlook.checks],
        ]
    )


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
            slot, shown = page_of(outlook.unused, _UNUSED_PAGE, "home_unused_page")
            with slot, st.grid("auto", min_column_width=260):
                for model in shown:
                    _draw_unused(model)


def _draw_some(kinds: Sequence[Sequence[Callable[[], None]]]) -> None:
    """Draw the first of what was found, some of every kind; all of it where somebody wants that."""
    found = [draw_one for kind in kinds for draw_one in kind]
    by_turns = [each for turn in zip_longest(*kinds) for each in turn if each is not None]
    least = max(_SHOWN, sum(map(bool, kinds)))
    shown = found if st.session_state.get("home_attention_all") else by_turns[:least]
    if shown:
        with st.grid("auto", min_column_width=260):
            for draw_one in shown:
                with st.container(border=True, gap="xxsmall", height="stretch"):
                    draw_one()
    if len(found) > least:
        st.toggle(_("Show all {count:,}", count=len(found)), key="home_attention_all")


def _draw_service(service: DeploymentView, how: Health) -> None:
    link_on_card(service)
    st.markdown(lines([health.badge_of(how), *health.reasons_of(how)]))


def _fails_unjudged(
    service: DeploymentView, counts: Mapping[str, Counts], healths: Mapping[str, Health]
) -> bool:
    """Return whether calls of a service failed today that is called too seldom to be judged."""
    count = counts.get(service.id)
    return bool(count and count.errors) and healths[service.id].level is Level.UNKNOWN


def _draw_failing(service: DeploymentView, count: Counts) -> None:
    link_on_card(service)
    told = _(
        "{errors:,} of {calls} failed in the last 24 hours.",
        errors=count.errors,
        calls=plural(count.calls, "{count} call", "{count} calls"),
    )
    st.markdown(f":small[:orange[{told}]]")


def _draw_task(task: FailedTask) -> None:
    links.to_task(task.id, task.file_name or task.id, width=links.CARD_WIDTH)
    told = _(
        ":red[failed] {created}: {message}",
        created=ago(task.created),
        message=plain(short(said(task.message), 120)),
    )
    st.markdown(f":small[{told}]")


def _draw_check(check: FailedCheck) -> None:
    links.to_model(check.model_id, check.model, width=links.CARD_WIDTH)
    told = _(
        ":red[Version {version} answers differently since an upgrade.] {sentence}",
        version=check.version,
        sentence=plain(short(said(check.sentence), 160)),
    )
    st.markdown(f":small[{told}]")


def _draw_unused(model: UnusedModel) -> None:
    used = _("last used {last}", last=ago(model.last)) if model.last else _("never used")
    links.to_model(
        model.id, model.name, f"{short(model.owner, 20)} · {used}", width=links.CARD_WIDTH
    )
