"""What the admin's page shows of everybody's models, deployments and tasks."""

from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st

from core.services.accounts import Caller
from core.services.job_states import State as TaskState
from core.services.job_views import TaskFilter, TaskView
from core.services.model_rights import PRIVATE, TEAM
from pages.components import bulk, links, session
from pages.components.bulk import Action, Item
from pages.components.deployment_list import state_of
from pages.components.language import N_, _, plural, said
from pages.components.states import word_of
from pages.components.text import ago, holds, milliseconds

_ALL = N_("All")
_EVERYTHING = ("", _ALL)  # what the filters say at first
_TASKS_PAGE = 200
_NONE = {
    "models": (
        N_("There is no model yet. Upload one, or add the sample models."),
        N_("No model fits; try fewer words, or All."),
    ),
    "deployments": (
        N_("Nothing is deployed yet. Open a model and choose Deploy."),
        N_("No deployment fits; try fewer words or another state."),
    ),
    "tasks": (
        N_("No tasks yet. Choose Try it, then File, to score a whole file."),
        N_("No task fits; try fewer words or another state."),
    ),
}


def draw_models(caller: Caller) -> None:
    """Draw everybody's models, to delete some of them."""
    words, seen = _draw_filters(
        "models", _("Name, owner, type or algorithm"), _("Seen by"), [TEAM, PRIVATE]
    )
    services = Counter(each.model_id for each in session.platform().deployments.list_(caller))
    items = [
        Item(
            model.id,
            model.name,
            links.address_of_model(model.id),
            {
                _("Owner"): model.owner,
                _("Type"): said(model.model_type),
                _("Seen by"): said(model.visibility),
                _("Version count"): model.versions,
                _("Services"): services[model.id],
                _("Changed"): ago(model.updated),
            },
        )
        for model in session.platform().models.list_(caller)
        if holds(words, model.name, model.owner, model.model_type, model.algorithm)
        and seen in (_ALL, model.visibility)
    ]
    _draw_items("models", items, MODEL_ACTIONS, searched=(words, seen) != _EVERYTHING)


def draw_deployments(caller: Caller) -> None:
    """Draw everybody's deployments, to start, pause or delete some of them."""
    words, state = _draw_filters(
        "deployments", _("Name, model, owner or address"), _("State"), _SERVICE_STATES
    )
    counts = session.platform().calls.counts()
    items = []
    for service in session.platform().deployments.list_(caller):
        if state not in (_ALL, service.state):
            continue
        if not holds(words, service.name, service.model_name, service.owner, service.endpoint):
            continue
        count = counts.get(service.id)
        cells = {
            _("Model"): _(
                "{model_name}, version {version}",
                model_name=service.model_name,
                version=service.version,
            ),
            _("Owner"): service.owner,
            _("State"): word_of(state_of(service)),
            _("Calls, 24 h"): count.calls if count else 0,
            _("Errors"): count.errors if count else 0,
            "p95": milliseconds(count.p95 if count else None),
        }
        address = links.address_of_deployment(service.id)
        items.append(Item(service.id, service.name, address, cells))
    _draw_items("deployments", items, SERVICE_ACTIONS, searched=(words, state) != _EVERYTHING)


def draw_tasks(caller: Caller) -> None:
    """Draw everybody's tasks, newest first, to cancel or delete some of them."""
    hint = _("File, model, deployment, owner or id")
    words, state = _draw_filters("tasks", hint, _("State"), [each.value for each in TaskState])
    wanted = TaskFilter(search=words, state=None if state == _ALL else state)
    jobs = session.platform().jobs
    pages = -(-jobs.list_(caller, wanted, limit=0).total // _TASKS_PAGE)
    number = st.pagination(pages, key="admin_tasks_page") if pages > 1 else 1
    page = jobs.list_(caller, wanted, offset=(number - 1) * _TASKS_PAGE, limit=_TASKS_PAGE)
    items = [_task_item(task) for task in page.tasks]
    _draw_items("tasks", items, TASK_ACTIONS, searched=(words, state) != _EVERYTHING)


def _task_item(task: TaskView) -> Item:
    cells: dict[str, object] = {
        _("State"): word_of("held") if task.held else said(task.state),
        _("Model"): task.model_name,
        _("Owner"): task.owner,
        _("Rows"): task.rows_total,
        _("Errors"): task.rows_failed,
        _("Made"): ago(task.created),
    }
    return Item(task.id, task.file_name or task.id, links.address_of_task(task.id), cells)


def _draw_filters(kind: str, hint: str, label: str, states: Sequence[str]) -> tuple[str, str]:
    words = st.text_input(
        _("Search"),
        key=f"admin_{kind}_search",
        type="search",
        placeholder=hint,
        live=True,
        width=400,
    )
    state = st.pills(
        label,
        [_ALL, *states],
        default=_ALL,
        required=True,
        format_func=said,
        key=f"admin_{kind}_state",
    )
    return words or "", str(state)


def _draw_items(kind: str, items: list[Item], actions: Sequence[Action], *, searched: bool) -> None:
    if items:
        bulk.draw(kind, items, actions)
        return
    none, none_fits = _NONE[kind]
    st.info(_(none_fits if searched else none))


def _goes_with_models(caller: Caller, picked: Sequence[Item]) -> str:
    platform, ids = session.platform(), {item.id for item in picked}
    services = [each for each in platform.deployments.list_(caller) if each.model_id in ids]
    tasks = sum(
        platform.jobs.list_(caller, TaskFilter(model_id=each), limit=0).total for each in ids
    )
    versions = sum(int(str(item.cells[_("Version count")])) for item in picked)
    running = sum(service.state == "running" for service in services)
    return _(
        "They go for good, with {versions}, {services} ({running:,} running: programs "
        "that call them will fail) and {tasks} with their results.",
        versions=plural(versions, "{count} version", "{count} versions"),
        services=plural(len(services), "{count} service", "{count} services"),
        running=running,
        tasks=plural(tasks, "{count} task", "{count} tasks"),
    )


def _says(text: str) -> Callable[[Caller, Sequence[Item]], str]:
    return lambda caller, picked: _(text)


def _delete_model(caller: Caller, model_id: str) -> None:
    session.platform().models.delete(caller, model_id, with_deployments=True)


def _start(caller: Caller, deployment_id: str) -> None:
    session.platform().deployments.start(caller, deployment_id)


def _pause(caller: Caller, deployment_id: str) -> None:
    session.platform().deployments.pause(caller, deployment_id)


def _delete_deployment(caller: Caller, deployment_id: str) -> None:
    session.platform().deployments.delete(caller, deployment_id)


def _cancel(caller: Caller, task_id: str) -> None:
    session.platform().jobs.cancel(caller, task_id)


def _delete_task(caller: Caller, task_id: str) -> None:
    session.platform().jobs.delete(caller, task_id)


_SERVICE_STATES = ["running", "paused"]
_DELETED = N_(
    "They go for good, with their history and the record of their calls; programs that call them "
    "will fail, tasks under way are cancelled, finished ones stay with the model."
)
MODEL_ACTIONS = (
    Action(
        N_("Delete"), "delete", N_("{done} of {count} deleted."), _delete_model, _goes_with_models
    ),
)
SERVICE_ACTIONS = (
    Action(
        N_("Start"),
        "play_arrow",
        N_("{done} of {count} started."),
        _start,
        _says(N_("Each model is loaded first.")),
    ),
    Action(
        N_("Pause"),
        "pause",
        N_("{done} of {count} paused."),
        _pause,
        _says(N_("They answer no calls, and their tasks wait, until somebody starts them.")),
    ),
    Action(
        N_("Delete"),
        "delete",
        N_("{done} of {count} deleted."),
        _delete_deployment,
        _says(_DELETED),
    ),
)
TASK_ACTIONS = (
    Action(
        N_("Cancel"),
        "cancel",
        N_("{done} of {count} cancelled."),
        _cancel,
        _says(N_("What is scored already stays. A task that has ended has nothing to cancel.")),
    ),
    Action(
        N_("Delete"),
        "delete",
        N_("{done} of {count} deleted."),
        _delete_task,
        _says(N_("They go for good, with their files and results; those under way are stopped.")),
    ),
)
