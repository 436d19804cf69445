"""The first steps on the home page: what a newcomer has done, and where the next step is."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.services.accounts import Caller
from core.services.first_steps import Progress, Step
from pages.components import links, rights, sample_models, session
from pages.components.errors import showing_errors
from pages.components.language import N_, _
from pages.components.rows import lines

_WIDE_SPACE = " \u2003 "
_FEW_LEFT = 2  # make a row: who is as far as that finds the rest
_DONE, _OPEN = ":green[:material/check_circle:]", ":gray[:material/radio_button_unchecked:]"


@dataclass(frozen=True)
class _Guide:
    """What a step is called, why one would, and where it is done, by the model at hand."""

    title: str
    text: str
    link: str
    page: Callable[[str | None], tuple[str, dict[str, str]]]


def _models(model_id: str | None) -> tuple[str, dict[str, str]]:
    return links.MODELS, {links.UPLOAD: "1"}


def _model(model_id: str | None) -> tuple[str, dict[str, str]]:
    return links.MODELS, {"model": model_id} if model_id else {}


def _trial(model_id: str | None) -> tuple[str, dict[str, str]]:
    return links.PREDICT, {"model": model_id} if model_id else {}


_GUIDES = {
    Step.UPLOAD: _Guide(
        N_("Upload"),
        N_("A PMML, ONNX or scikit-learn file. Slipway reads what it takes and gives."),
        N_("Choose a file"),
        _models,
    ),
    Step.TEST: _Guide(
        N_("Try"),
        N_("Fill in a form made from its inputs, and see what it says."),
        N_("Try it"),
        _trial,
    ),
    Step.DEPLOY: _Guide(
        N_("Deploy"), N_("Give it an address that programs call."), N_("Open the model"), _model
    ),
    Step.SCORE: _Guide(
        N_("Score a file"),
        N_("A whole CSV in the background, on the tab File."),
        N_("Choose a file"),
        _trial,
    ),
    Step.SHARE: _Guide(
        N_("Share"),
        N_("Choose Edit, then Team: your colleagues see it, too."),
        N_("Open the model"),
        _model,
    ),
}


def draw(caller: Caller, *, any_model: bool) -> None:
    """Draw the checklist until all is done or it is dismissed; without a model, how to get one."""
    if not rights.may_make(caller):
        if not any_model:
            st.info(_("When a colleague shares a model with the team, it appears here."))
        return
    progress = session.platform().first_steps.progress(caller)
    if progress.is_over and any_model:
        return
    if not progress.is_over and len(Step) - len(progress.done) <= _FEW_LEFT:
        _draw_next(progress)
        return
    with st.container(border=True, key="home_steps"):
        _draw_head(progress)
        if not progress.is_over:
            _draw_steps(progress)
        with st.container(horizontal=True, vertical_alignment="center"):
            sample_models.draw_adding(caller, "home_samples", primary=not any_model)
            if progress.is_over:
                st.page_link(links.MODELS, label=_("Upload a model"), icon=":material/upload:")
            else:
                _draw_dismissal()


def _draw_next(progress: Progress) -> None:
    """Draw how far one is and the next step, as a row."""
    number, step = next(
        (number, step) for number, step in enumerate(Step, start=1) if step not in progress.done
    )
    head, text = _("First steps"), _(_GUIDES[step].text)
    done = _("{done} of {all} done", done=len(progress.done), all=len(Step))
    facts = [
        f"**{head}** :small[:gray[{done}]]",
        f"{_title(number, step, _OPEN)} :small[:gray[{text}]]",
    ]
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="home_steps"):
        st.markdown(lines(facts), width="stretch")
        _draw_link(step, progress)
        _draw_dismissal()


def _draw_dismissal() -> None:
    st.button(
        _("Dismiss"),
        key="home_steps_dismiss",
        type="tertiary",
        icon=":material/close:",
        help=_("Show these steps no more"),
        on_click=_dismiss,
    )


def _draw_head(progress: Progress) -> None:
    if progress.is_over:
        st.markdown(_("There is no model yet. Upload one, or add the sample models."))
        return
    st.header(_("First steps"), anchor=False)
    st.caption(
        _(
            "{done} of {all} done. From a trained model file to a service that your team can call.",
            done=len(progress.done),
            all=len(Step),
        )
    )


def _draw_steps(progress: Progress) -> None:
    """Draw what is done as one line, and each step that is not with the way to it."""
    numbered = dict(enumerate(Step, start=1))
    done = [
        _title(number, step, _DONE) for number, step in numbered.items() if step in progress.done
    ]
    if done:
        st.markdown(_WIDE_SPACE.join(done))
    left = {number: step for number, step in numbered.items() if step not in progress.done}
    with st.grid(len(left), min_column_width=135):
        for place, (number, step) in enumerate(left.items()):
            with st.container(gap="xxsmall"):
                told = f":small[:gray[{_(_GUIDES[step].text)}]]"
                st.markdown(lines([_title(number, step, _OPEN), told]))
                if not place or progress.model_id:
                    _draw_link(step, progress)


def _title(number: int, step: Step, mark: str) -> str:
    return f"{mark} **{number}. {_(_GUIDES[step].title)}**"


def _draw_link(step: Step, progress: Progress) -> None:
    guide = _GUIDES[step]
    page, query = guide.page(progress.model_id)
    st.page_link(page, label=_(guide.link), icon=":material/arrow_forward:", query_params=query)


def _dismiss() -> None:
    caller = session.require_caller()
    with showing_errors():
        session.platform().first_steps.dismiss(caller)
