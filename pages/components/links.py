"""Links to the page of one thing; each has an address of its own that can be shared."""

from pathlib import Path

import streamlit as st

from pages.components.language import _
from pages.components.text import fit, plain

MODELS = "pages/models.py"
PREDICT = "pages/predict.py"
DEPLOYMENTS = "pages/deployments.py"
TASKS = "pages/tasks.py"
ADMIN = "pages/admin.py"
HELP = "pages/help.py"
UPLOAD = "upload"  # in the address of the models: the dialog is open, whatever runs the page anew
STRAY = "stray"  # in the address of Home: what was asked for is no page's
STRAYED = f"/?{STRAY}=1"
_THINGS = ("model", "version", "deployment", "task", "case", "topic")  # what an address can name
CARD_WIDTH = 30  # of a name, on a card
_LONGEST_NUMBER = 10
_WIDTH = 46  # of a name, in a row of a list


def names() -> list[str]:
    """Return the names that the pages beside Home have in addresses."""
    return [path.stem for path in Path(__file__).parents[1].glob("[a-z]*.py")]


def asked_for(kind: str) -> str | None:
    """Return the id of the one thing that the address asks for, or None for the list.

    A link from a page to itself reaches the script but leaves the address in the browser as it
    was, and the next rerun would ask for that; so the address is told what the script was asked.
    Only of a change: what the script knows of a search that is being typed can be behind what the
    browser has written into the address, and would take that away again.
    """
    asked = {thing: st.query_params[thing] for thing in _THINGS if thing in st.query_params}
    if st.session_state.get("links_asked") != asked:
        st.session_state["links_asked"] = asked
        st.query_params.update(asked)
    return asked.get(kind) or None


def ask(word: str) -> None:
    """Write into the address that something is to be open, as long as it stands there."""
    st.query_params[word] = "1"


def asks(word: str) -> bool:
    """Return whether the address asks for something to be open."""
    return word in st.query_params


def ask_no_more(word: str) -> None:
    """Take out of the address what asks for something to be open."""
    st.query_params.pop(word, None)


def asks_once(word: str) -> bool:
    """Return whether the address asks for something to be shown, and take that out of it."""
    asked = asks(word)
    ask_no_more(word)
    return asked


def asked_version() -> int | None:
    """Return the number of the version that the address asks for, or None for the newest."""
    asked = st.query_params.get("version", "")
    return int(asked) if asked.isdecimal() and len(asked) < _LONGEST_NUMBER else None


def to_model(model_id: str, name: str, under: str | None = None, *, width: int = _WIDTH) -> None:
    """Draw a link to a model; `under` as in `_link`, `width` as in `fit`."""
    _link(MODELS, name, ":material/deployed_code:", {"model": model_id}, under, width)


def to_deployment(
    deployment_id: str, name: str, under: str | None = None, *, width: int = _WIDTH
) -> None:
    """Draw a link to a deployment; `under` as in `_link`, `width` as in `fit`."""
    query = {"deployment": deployment_id}
    _link(DEPLOYMENTS, name, ":material/rocket_launch:", query, under, width)


def to_task(
    task_id: str, name: str, under: str | None = None, last: str = "", *, width: int = _WIDTH
) -> None:
    """Draw a link to a task; `under` and `last` as in `_link`, `width` as in `fit`."""
    _link(TASKS, name, ":material/checklist:", {"task": task_id}, under, width, last)


def to_help(topic: str, label: str, icon: str) -> None:
    """Draw a link to a part of the guide."""
    _link(HELP, label, icon, {"topic": topic} if topic else {})


def address_of_model(model_id: str) -> str:
    """Return the address of a model, for a table on another page."""
    return f"models?model={model_id}"


def address_of_deployment(deployment_id: str) -> str:
    """Return the address of a deployment, for a table on another page."""
    return f"deployments?deployment={deployment_id}"


def address_of_case(model_id: str, case_id: str) -> str:
    """Return the address of a saved case, which opens it on the form of its model."""
    return f"predict?model={model_id}&case={case_id}"


def address_of_task(task_id: str) -> str:
    """Return the address of a task, for a table on another page."""
    return f"tasks?task={task_id}"


def to_trial(key: str, **which: str) -> None:
    """Draw the button that opens the form of a model or a deployment, named by its id."""
    if st.button(_("Try it"), key=key, icon=":material/play_circle:"):
        st.switch_page(PREDICT, query_params=which)


def to_page(
    page: str, label: str, query: dict[str, str], icon: str = ":material/arrow_forward:"
) -> None:
    """Draw a link to a page, or to one thing on it."""
    _link(page, label, icon, query)


def back(page: str, label: str) -> None:
    """Draw the way back to a list."""
    _link(page, label, ":material/arrow_back:", {})


def _link(
    page: str,
    label: str,
    icon: str,
    query: dict[str, str],
    under: str | None = None,
    width: int = _WIDTH,
    last: str = "",
) -> None:
    """Draw a link; Streamlit cuts off what is too long without a sign, so that is done here.

    It is as wide as its text: one to the page that it stands on has a ground, which looks like a
    row that was chosen where it is wider. `under` is the line under its name in a row of a list or
    on a card; `last` is a third line, of Markdown that is short enough as it is.
    """
    shown = fit(label, width)
    whole = plain(label) if shown != label else None
    text = plain(shown)
    if under:
        text += f"  \n:small[:gray[{plain(fit(under, width))}]]"
    if last:
        text += f"  \n{last}"
    st.page_link(page, label=text, icon=icon, query_params=query, help=whole)
