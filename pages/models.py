"""The models: the list of all that one may see, and the page of each."""

from pages.components import links, model_list, model_page, shell
from pages.components.language import N_

caller = shell.open_page(N_("Models"))
model_id = links.asked_for("model")
if model_id:
    model_page.draw(caller, model_id)
else:
    model_list.draw(caller)
