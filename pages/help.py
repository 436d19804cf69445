"""The guide, part by part; the Help link of each page opens the part that belongs to it."""

import streamlit as st

from pages.components import guide, shell
from pages.components.language import N_, _

shell.open_page(N_("Help"))
st.title(_("Help"))
guide.draw()
