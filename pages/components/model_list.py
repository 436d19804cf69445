"""The list of models: search, filter, sort, and the way to upload one."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from core.services.accounts import Caller
from core.services.model_views import ModelView
from pages.components import (
    approval_parts,
    filters,
    links,
    model_forms,
    model_import,
    rights,
    rows,
    sample_models,
    session,
)
from pages.components.language import N_, _, plural, said
from pages.components.states import badge_of
from pages.components.text import ago, holds, plain, short

PAGE_SIZE = 15
_EVERYTHING, _MINE = "all", "mine"
_WHOSE = {"everyone": N_("Everyone's"), _MINE: N_("Mine")}
_ORDER_NAMES = {
    "changed": N_("Newest change"),
    "name": N_("Name"),
    "owner": N_("Owner"),
    "oldest": N_("Oldest"),
}
_ORDERS: dict[str, tuple[Callable[[ModelView], object], bool]] = {
    "changed": (lambda model: model.updated, True),
    "name": (lambda model: model.name.casefold(), False),
    "owner": (lambda model: (model.owner.casefold(), model.name.casefold()), False),
    "oldest": (lambda model: model.created, False),
}


def draw(caller: Caller) -> None:
    """Draw the list with its filters; the filters are in the address."""
    models = session.platform().models.list_(caller)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.title(_("Models"), width="stretch")
        if rights.may_make(caller):
            _draw_ways_in()
    approval_parts.draw_own(caller)
    if not models:
        _draw_empty(caller)
        return
    _draw_page(_filtered(models, caller))


def _draw_ways_in() -> None:
    importing = st.button(_("Import"), key="models_import", icon=":material/unarchive:")
    st.button(
        _("Upload a model"),
        key="models_upload",
        type="primary",
        icon=":material/upload:",
        on_click=links.ask,
        args=(links.UPLOAD,),
    )
    if importing:
        model_import.import_()
    elif links.asks(links.UPLOAD):
        model_forms.upload()


def _draw_empty(caller: Caller) -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.header(_("No models yet"), text_alignment="center")
        if rights.may_make(caller):
            text = _(
                "Upload a PMML, ONNX or scikit-learn file. Slipway reads what goes in and what "
                "comes out, and you can try it on a form at once."
            )
        else:
            text = _("When a colleague shares a model with the team, it appears here.")
        st.markdown(text, text_alignment="center")
        if rights.may_make(caller):
            sample_models.draw_adding(caller, "models_samples")


def _filtered(models: Sequence[ModelView], caller: Caller) -> list[ModelView]:
    """Draw the filters and return the models that pass, in the order that was chosen."""
    types = sorted({model.model_type for model in models}, key=str.casefold)
    kinds = {_EVERYTHING: N_("All types"), **dict(zip(types, types, strict=True))}
    with st.grid(4, min_column_width=200):
        words = st.text_input(
            _("Search"),
            key="models_search",
            type="search",
            placeholder=_("Name, owner or description"),
            live=True,
            bind="query-params",
        )
        kind = filters.select(_("Type"), kinds, "models_kind")
        whose = filters.segments(_("Whose"), _WHOSE, "models_whose")
        order = filters.select(_("Sort by"), _ORDER_NAMES, "models_sort")
    key, backwards = _ORDERS[order]
    found = [
        model
        for model in models
        if holds(words or "", model.name, model.owner, model.description, model.algorithm)
        and kind in (_EVERYTHING, model.model_type)
        and (whose != _MINE or model.owner == caller.name)
    ]
    return sorted(found, key=key, reverse=backwards)  # type: ignore[arg-type]


def _draw_page(models: Sequence[ModelView]) -> None:
    if not models:
        st.info(_("No model fits; try fewer words, another type or Everyone's."))
        return
    st.caption(plural(len(models), "{count} model", "{count} models"))
    slot, shown = rows.page_of(models, PAGE_SIZE, "models_page")
    with slot:
        for model in shown:
            _draw_row(model)


def _draw_row(model: ModelView) -> None:
    kind = f":violet-badge[{plain(short(said(model.model_type), 30))}]"
    versions = plural(model.versions, "{count} version", "{count} versions")
    story = f"{plain(short(model.owner, 30))} · {versions} · {ago(model.updated)}"
    rows.draw(
        f"models_row_{model.id}",
        partial(links.to_model, model.id, model.name, said(model.description)),
        [f"{kind} {badge_of(model.visibility)}", f":small[:gray[{story}]]"],
    )
