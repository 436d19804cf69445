"""The tasks: the browser of all that one may see, and the page of each."""

from pages.components import links, shell, task_list, task_news, task_page
from pages.components.language import N_

caller = shell.open_page(N_("Tasks"))
task_id = links.asked_for("task")
task_news.see(caller, task_id)
if task_id:
    task_page.draw(caller, task_id)
else:
    task_list.draw(caller)
