"""The deployments: the list of all that one may see, and the page of each service."""

from pages.components import deployment_list, deployment_page, links, shell
from pages.components.language import N_

caller = shell.open_page(N_("Deployments"))
deployment_id = links.asked_for("deployment")
if deployment_id:
    deployment_page.draw(caller, deployment_id)
else:
    deployment_list.draw(caller)
