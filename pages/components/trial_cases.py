"""Saved cases on the page of trials: keep what is in the form, open it by its address, compare."""

from collections.abc import Mapping

import streamlit as st

from core.errors import CaseNotFound
from core.services.accounts import Caller
from core.services.cases import CaseView, OpenedCase, Then, alike, headline
from pages.components import links, missing, schema_form, session, snippets
from pages.components.errors import showing_errors
from pages.components.language import N_, _, dialog, plural
from pages.components.text import ago, holds, number, plain, short
from pages.components.trial_choice import Target

_OPENED = "predict_case"
_FEW = 8
_MOST_LISTED = 50


def draw(caller: Caller, target: Target) -> None:
    """Draw the case that the address asks for, filled into the form, and the list of all."""
    asked = links.asked_for("case")
    if asked:
        with showing_errors():
            _draw_opened(caller, target, asked)
    with showing_errors():
        _draw_list(caller, target, asked)


def draw_saving(target: Target, record: Mapping[str, object]) -> None:
    """Draw the button that keeps what is in the form."""
    if st.button(_("Save case"), key="predict_case_save", icon=":material/bookmark_add:"):
        _save(target, record)


@dialog(N_("Save these inputs as a case"))
def _save(target: Target, record: Mapping[str, object]) -> None:
    st.markdown(_("The answer is kept beside them, so that later versions can be held against it."))
    with st.form("predict_case_form", border=False):
        name = st.text_input(_("Name"), key="predict_case_name", max_chars=100)
        asked = st.form_submit_button(_("Save"), key="predict_case_submit", type="primary")
    if asked:
        with showing_errors():
            case = session.platform().cases.save(
                session.require_caller(),
                target.view.model.id,
                name,
                record,
                version=target.view.number,
            )
            session.keep(_OPENED, (case.id, target.prefix), True)  # the form holds it already
            st.query_params["case"] = case.id
            session.say(_("The case is saved. Its address can be shared."))
            st.rerun()


# --- the case that is open ---------------------------------------------------------------------


def _draw_opened(caller: Caller, target: Target, case_id: str) -> None:
    model = target.view.model
    try:
        case = _found(caller, model.id, case_id)
    except CaseNotFound as error:
        missing.draw(error, links.PREDICT, _("The form without a case"), {"model": model.id})
        return
    _fill(target, case)
    with st.container(border=True, key="predict_case"):
        _draw_head(target, case.view)
        with showing_errors():
            _draw_then_and_now(_then(caller, target, case.view), case.view)
        _draw_foot(case.view)


def _found(caller: Caller, model_id: str, case_id: str) -> OpenedCase:
    case = session.platform().cases.get(caller, case_id)
    if case.view.model_id != model_id:
        raise CaseNotFound(_("The case at this address is one of another model."))
    return case


def _fill(target: Target, case: OpenedCase) -> None:
    """Fill the case into the form, once: afterwards it is the visitor's to change."""
    key = (case.view.id, target.prefix)
    if session.kept(_OPENED, key, bool) is None:
        schema_form.fill(target.info, target.prefix, case.record)
        session.keep(_OPENED, key, True)


def _draw_head(target: Target, case: CaseView) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/bookmark: **{plain(short(case.name, 60))}**", width="stretch")
        links.to_page(
            links.PREDICT,
            _("Close"),
            {"deployment": target.service.id} if target.service else {"model": case.model_id},
            icon=":material/close:",
        )


def _then(caller: Caller, target: Target, case: CaseView) -> Then:
    def score() -> Then:
        version = target.view.number
        return session.platform().cases.answer_now(caller, case.id, version=version)

    return session.made_once("case_now", (case.id, target.view.id, target.view.revision), score)


def _draw_then_and_now(then: Then, case: CaseView) -> None:
    left, right = st.columns(2)
    left.metric(_("Then, version {number}", number=case.version), plain(number(case.headline)))
    right.metric(_("Now, version {number}", number=then.version), plain(number(headline(then.now))))
    colour, icon, words = _verdict(then)
    verdict = f":small[:{colour}[:material/{icon}: {words}]]"
    st.markdown(verdict)


def _draw_foot(case: CaseView) -> None:
    """Draw whose it is, and what can be done with it."""
    author = plain(short(case.author, 30))
    st.caption(_("Saved by {author}, {ago}.", author=author, ago=ago(case.created)))
    with st.container(horizontal=True):
        with st.popover(_("Share"), icon=":material/link:"):
            st.code(
                f"{snippets.origin()}/{links.address_of_case(case.model_id, case.id)}",
                language=None,
                wrap_lines=True,
            )
            st.caption(_("Whoever may see the model may open it."))
        if case.deletable and st.button(
            _("Delete"), key="predict_case_delete", icon=":material/delete:"
        ):
            _delete(case)


def _verdict(then: Then) -> tuple[str, str, str]:
    """Return the colour, the icon and the words for how an answer has changed."""
    if then.is_same:
        return "green", "check_circle", _("The answer is the same.")
    if alike(headline(then.then), headline(then.now)):
        told = _("The prediction is the same; other outputs have changed.")
        return "orange", "difference", told
    return "orange", "difference", _("The answer has changed.")


@dialog(N_("Delete this case?"))
def _delete(case: CaseView) -> None:
    st.markdown(_("**{name}** goes for good.", name=plain(short(case.name, 60))))
    if st.button(_("Delete"), key="predict_case_delete_confirm", type="primary"):
        with showing_errors():
            session.platform().cases.delete(session.require_caller(), case.id)
            del st.query_params["case"]
            session.say(_("The case is deleted."))
            st.rerun()


# --- all cases of the model -----------------------------------------------------------------


def _draw_list(caller: Caller, target: Target, asked: str | None) -> None:
    cases = session.platform().cases.list_(caller, target.view.model.id)
    if not cases:
        return
    label = plural(len(cases), "{count} saved case", "{count} saved cases")
    with st.expander(label, icon=":material/bookmarks:", key="predict_cases"):
        words = ""
        if len(cases) > _FEW:
            words = st.text_input(_("Find a case"), key="predict_cases_search", type="search")
        found = [each for each in cases if holds(words, each.name, each.author)]
        for case in found[:_MOST_LISTED]:
            _draw_line(case, is_open=case.id == asked)
        if len(found) > _MOST_LISTED:
            st.caption(_("The newest {count} are shown.", count=_MOST_LISTED))
        elif not found:
            st.caption(_("No case has these words in its name."))


def _draw_line(case: CaseView, *, is_open: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        icon = ":material/bookmark_check:" if is_open else ":material/bookmark:"
        query = {"model": case.model_id, "case": case.id}
        links.to_page(links.PREDICT, case.name, query, icon=icon)
        st.caption(
            _(
                "{answer} · version {version} · {author} · {ago}",
                answer=plain(number(case.headline)),
                version=case.version,
                author=plain(short(case.author, 30)),
                ago=ago(case.created),
            )
        )
