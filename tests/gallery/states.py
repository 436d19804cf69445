"""What there is to be seen: every page in every state, in one table.

Widgets are found by their keys and tabs by their places, so that it holds in every language.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

Step = Callable[[Page, dict[str, Path]], None]


@dataclass(frozen=True)
class State:
    """One page in one state.

    `path` is its address, with ids of the stage in braces; `who` is signed in, nobody where it is
    empty; `steps` are what is done before the page is looked at. A page whose script asks for the
    theme is `opened_anew` in each, without steps.
    """

    name: str
    path: str
    steps: tuple[Step, ...] = ()
    who: str = "ann"
    stage: str = "full"
    opened_anew: bool = False


def press(key: str) -> Step:
    """Return the step that clicks the button of a key."""
    return lambda page, _: page.locator(f".st-key-{key} button").first.click()


def tab(*places: int) -> Step:
    """Return the step that opens a tab, counted over the page from 0, then one inside it."""

    def step(page: Page, _: dict[str, Path]) -> None:
        for place in places:
            page.get_by_test_id("stTab").nth(place).click()

    return step


def unfold(place: int) -> Step:
    """Return the step that opens what is folded up, counted over the page; -1 is the last."""
    return lambda page, _: page.get_by_test_id("stExpander").nth(place).locator("summary").click()


def fill(key: str, text: str) -> Step:
    """Return the step that types a text into the field of a key."""
    return lambda page, _: page.locator(f".st-key-{key} :is(input, textarea)").first.fill(text)


def enter(key: str) -> Step:
    """Return the step that presses Enter in the field of a key."""
    return lambda page, _: page.locator(f".st-key-{key} input").first.press("Enter")


def leave(key: str) -> Step:
    """Return the step that leaves the text area of a key, which hands its text over."""
    return lambda page, _: page.locator(f".st-key-{key} textarea").first.blur()


def give(key: str, name: str) -> Step:
    """Return the step that chooses one of `files.write` for an upload."""

    def step(page: Page, given: dict[str, Path]) -> None:
        page.locator(f".st-key-{key} input[type=file]").set_input_files(given[name])

    return step


STATES = (
    # first, for it is at work for a minute only
    State("task-running", "tasks?task={task_running}"),
    State("door-first-visit", "", who="", stage="new"),
    State("door-sign-in", "", who=""),
    State("door-register", "", (tab(1),), who=""),
    State(
        "door-wrong-password",
        "models",
        (fill("sign_in_name", "Ann"), fill("sign_in_password", "wrong"), press("sign_in_submit")),
        who="",
    ),
    State("door-new-password", "", who="noor"),
    State("home-empty", "", stage="empty"),
    State("home-full", ""),
    State("home-analyst", "", who="ben"),
    State("home-viewer", "", who="vic"),
    State("models-empty", "models", stage="empty"),
    State("models-list", "models"),
    State("models-viewer", "models", who="vic"),
    State("models-nothing-fits", "models?models_search=zebra"),
    State("models-upload", "models", (press("models_upload"),)),
    State(
        "models-upload-refused",
        "models",
        (
            press("models_upload"),
            give("models_upload_file", "notes.pmml"),
            fill("models_upload_name", "Notes"),
            press("models_upload_submit"),
        ),
    ),
    State("models-import", "models", (press("models_import"),)),
    State("model-inputs", "models?model={churn}"),
    State("model-versions", "models?model={churn}", (tab(1),)),
    State("model-checks", "models?model={churn}&version=1", (tab(2),)),
    State("model-compare", "models?model={churn}", (tab(2, 7),)),
    State("model-services", "models?model={bikes}", (tab(3),)),
    State("model-tasks", "models?model={churn}", (tab(4),)),
    State("model-call", "models?model={churn}", (tab(5),)),
    State("model-labels", "models?model={bikes}"),
    State("model-picture", "models?model={digits}"),
    State("model-many-fields", "models?model={many}"),
    State("model-long-name", "models?model={long}"),
    State("model-others", "models?model={churn}", who="ben"),
    State("model-viewer", "models?model={churn}", who="vic"),
    State("model-deploy", "models?model={churn}", (press("models_deploy"),)),
    State("model-edit", "models?model={churn}", (press("models_edit"),)),
    State("model-schema", "models?model={churn}", (press("models_schema"),)),
    State("model-step", "models?model={churn}", (press("models_step_add"),)),
    State(
        "model-step-wrong",
        "models?model={churn}",
        (
            press("models_step_add"),
            fill("models_step_sql", "SELECT random() FROM input WHERE age > 1"),
            leave("models_step_sql"),
        ),
    ),
    State("model-new-version", "models?model={churn}", (press("models_version"),)),
    State("model-delete", "models?model={churn}", (press("models_delete"),)),
    State("model-not-found", "models?model=nothing"),
    State("model-forbidden", "models?model={private}", who="vic"),
    State("try-empty", "predict", stage="empty"),
    State("try-nothing-chosen", "predict"),
    State("try-form", "predict?model={churn}"),
    State("try-answer", "predict?model={churn}", (press("predict_submit"),)),
    State("try-number", "predict?model={bikes}", (press("predict_submit"),)),
    State("try-picture", "predict?model={digits}"),
    State("try-many-fields", "predict?model={many}"),
    State("try-broken", "predict?deployment={service_press}", (press("predict_submit"),)),
    State("try-paused", "predict?deployment={service_last}", (press("predict_submit"),)),
    State("try-json", "predict?model={churn}", (tab(1), press("predict_json_submit"))),
    State("try-file", "predict?model={churn}", (tab(2),)),
    State(
        "try-file-preview",
        "predict?model={churn}",
        (tab(2), give("predict_file_upload", "subscribers.csv")),
    ),
    State(
        "try-file-columns",
        "predict?model={churn}",
        (tab(2), give("predict_file_upload", "other.csv")),
    ),
    State("try-case", "predict?model={churn}&case={case}"),
    State("try-case-not-found", "predict?model={churn}&case=nothing"),
    State("try-save-case", "predict?model={churn}", (press("predict_case_save"),)),
    State("try-not-found", "predict?model=nothing"),
    State("deployments-empty", "deployments", stage="empty"),
    State("deployments-list", "deployments"),
    State("deployments-nothing-fits", "deployments?deployments_search=zebra"),
    State("service-watch", "deployments?deployment={service_production}"),
    State("service-amber", "deployments?deployment={service_line}"),
    State("service-thresholds", "deployments?deployment={service_line}", (unfold(-2),)),
    State("service-log", "deployments?deployment={service_production}", (unfold(-1),)),
    State("service-no-calls", "deployments?deployment={service_planning}"),
    State("service-paused", "deployments?deployment={service_last}"),
    State("service-broken", "deployments?deployment={service_press}"),
    State("service-long-name", "deployments?deployment={service_probability}"),
    State("service-use", "deployments?deployment={service_production}", (tab(1),)),
    State("service-history", "deployments?deployment={service_production}", (tab(2),)),
    State("service-tasks", "deployments?deployment={service_last}", (tab(3),)),
    State(
        "service-switch",
        "deployments?deployment={service_production}",
        (press("deployments_switch"),),
    ),
    State(
        "service-delete",
        "deployments?deployment={service_production}",
        (press("deployments_delete"),),
    ),
    State("service-viewer", "deployments?deployment={service_production}", who="vic"),
    State("service-not-found", "deployments?deployment=nothing"),
    State("tasks-empty", "tasks", stage="empty"),
    State("tasks-list", "tasks"),
    State("tasks-nothing-fits", "tasks?tasks_search=zebra"),
    State("task-rows", "tasks?task={task_done}"),
    State("task-summary", "tasks?task={task_done}", (tab(1),)),
    State("task-download", "tasks?task={task_done}", (tab(2),)),
    State("task-without-errors", "tasks?task={task_clean}"),
    State("task-pictures", "tasks?task={task_archive}"),
    State("task-film", "tasks?task={task_film}", (tab(3),)),
    State("task-failed", "tasks?task={task_failed}"),
    State("task-held", "tasks?task={task_held}"),
    State("task-cancelled", "tasks?task={task_cancelled}"),
    State("task-delete", "tasks?task={task_clean}", (press("tasks_delete"),)),
    State("task-not-found", "tasks?task=nothing"),
    State("account", "account"),
    State("account-viewer", "account", who="vic"),
    State("account-timeline", "account", (tab(1),)),
    State(
        "account-new-token",
        "account",
        (fill("account_token_name", "notebook"), press("account_token_submit")),
        stage="empty",
    ),
    State("admin-users", "admin"),
    State("admin-models", "admin", (tab(1),)),
    State("admin-deployments", "admin", (tab(2),)),
    State("admin-tasks", "admin", (tab(3),)),
    State("admin-approvals", "admin", (tab(4),)),
    State("admin-timeline", "admin", (tab(5),)),
    State("admin-storage", "admin", (tab(6),)),
    State("admin-health", "admin", (tab(7),)),
    State("admin-settings", "admin", (tab(8),)),
    State("admin-backup", "admin", (tab(9), press("admin_backup_make"))),
    State("admin-sql", "admin", (tab(10), press("admin_sql_run"))),
    State("admin-empty-tasks", "admin", (tab(3),), stage="empty"),
    State("admin-forbidden", "admin", who="ben"),
    State("help", "help", opened_anew=True),
    State("help-part", "help?topic=watch-a-service", opened_anew=True),
    State("no-such-page", "nowhere"),
)
