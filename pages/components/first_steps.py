"""What a newcomer sees on the home page: how it goes, and where to begin."""

import streamlit as st

from core.services.accounts import Caller
from pages.components import links, rights, sample_models

_STEPS = (
    ("1. Upload", "A PMML, ONNX or scikit-learn file. Slipway reads what it takes and gives."),
    ("2. Try", "Fill in a form made from the model's inputs, and see what it says."),
    ("3. Deploy", "Give it an address that programs call. Pause and start it when you like."),
    ("4. Watch", "See how often it is called, how fast it answers, and what fails."),
)


def draw_welcome(caller: Caller) -> None:
    """Draw how a file becomes a service, for who sees no model yet."""
    st.markdown("From a trained model file to a service that your team can call, in four steps.")
    with st.grid("auto", min_column_width=180):
        for title, text in _STEPS:
            with st.container(border=True, height="stretch"):
                st.subheader(title)
                st.markdown(text)
    if not rights.may_make(caller):
        st.caption("When a colleague shares a model with the team, it appears here.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        sample_models.draw_adding(caller, "home_samples", primary=True)
        st.page_link(links.MODELS, label="Upload your first model", icon=":material/upload:")
