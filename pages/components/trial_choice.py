"""What is tried: a version of a model, or a service; the address names it."""

from dataclasses import dataclass

import streamlit as st

from core.runtimes.base import ModelInfo
from core.services.accounts import Caller
from core.services.deployment_views import DeploymentView
from core.services.model_views import VersionView
from pages.components import links, missing, session
from pages.components.deployment_list import state_of
from pages.components.errors import showing_errors
from pages.components.language import _, said
from pages.components.states import word_of
from pages.components.text import plain, short

_CHOICE = "predict_choice"


@dataclass(frozen=True)
class Target:
    """A version of a model, and the service that runs it where the service is what is tried."""

    view: VersionView
    service: DeploymentView | None = None

    @property
    def info(self) -> ModelInfo:
        """Return what the model takes and gives."""
        return self.view.info

    @property
    def key(self) -> tuple[str, int, str]:
        """Return what tells it apart from all others, also from how it was before an edit."""
        return self.view.id, self.view.revision, self.service.id if self.service else ""

    @property
    def prefix(self) -> str:
        """Return what the keys of its form begin with."""
        return f"predict_{self.view.id}_{self.view.revision}"

    def call(self, caller: Caller) -> tuple[str, dict[str, str]]:
        """Return the path of the form contract that scores with it, and the fields that name it."""
        model = self.view.model
        owner = {} if model.owner == caller.name else {"owner": model.owner}
        if self.service is None:
            named = {"modelname": model.name, "version": str(self.view.number)}
            return "/api/model/test", {**named, **owner}
        named = {"modelname": model.name, "deployment": self.service.name}
        return "/api/deployment/predict", {**named, **owner}


def draw(caller: Caller) -> Target | None:
    """Draw the head of the page with the choice; return what was chosen, None if nothing."""
    st.title(_("Try it"))
    names = _names(caller)
    if not names:
        _draw_nothing()
        return None
    chosen = _from_address()
    st.session_state[_CHOICE] = chosen if chosen in names else None
    st.selectbox(
        _("Model or service"),
        list(names),
        index=None,
        format_func=names.__getitem__,
        key=_CHOICE,
        placeholder=_("Choose what to try"),
        on_change=_to_address,
    )
    target = None
    if chosen is None:
        st.caption(_("Once it is chosen, it is tried on a form, with JSON, or with a whole file."))
    else:
        with showing_errors():
            with missing.told(links.PREDICT, _("Choose something else"), alone=False):
                target = _find(caller, *chosen)
            _draw_facts(target)
    return target


def _draw_nothing() -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.header(_("Nothing to try yet"), text_alignment="center")
        st.markdown(
            _("Once there is a model, this page has a form for it, generated from its inputs."),
            text_alignment="center",
        )
        st.page_link(links.MODELS, label=_("Go to the models"), icon=":material/deployed_code:")


def _names(caller: Caller) -> dict[tuple[str, str], str]:
    """Return what each choice is called: services first, for they are what programs use."""
    platform = session.platform()
    services = {
        ("deployment", service.id): _(
            "{model} / {name} · service, {state}",
            model=short(service.model_name, 40),
            name=short(service.name, 40),
            state=word_of(state_of(service)),
        )
        for service in platform.deployments.list_(caller)
    }
    models = {
        ("model", model.id): _(
            "{name} · model of {owner}", name=short(model.name, 60), owner=short(model.owner, 30)
        )
        for model in platform.models.names(caller)
    }
    return services | models


def _from_address() -> tuple[str, str] | None:
    for kind in ("deployment", "model"):
        if found := st.query_params.get(kind):
            return kind, found
    return None


def _to_address() -> None:
    chosen = st.session_state[_CHOICE]
    st.query_params.from_dict({chosen[0]: chosen[1]} if chosen else {})


def _find(caller: Caller, kind: str, chosen: str) -> Target:
    platform = session.platform()
    if kind == "deployment":
        service = platform.deployments.get_by_id(caller, chosen)
        return Target(platform.models.get_by_id(caller, service.model_id, service.version), service)
    return Target(platform.models.get_by_id(caller, chosen, links.asked_version()))


def _draw_facts(target: Target) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        links.to_model(target.view.model.id, _("Open the model"))
        if target.service:
            links.to_deployment(target.service.id, _("Open the service"))
        st.caption(
            _(
                "version {version} · {algorithm} · {inputs} in, {outputs} out",
                version=target.view.number,
                algorithm=plain(short(said(target.info.algorithm), 60)),
                inputs=len(target.info.inputs),
                outputs=len(target.info.outputs),
            )
        )
