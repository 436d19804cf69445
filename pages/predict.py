"""Try a model or a deployed service: on a form, with JSON, with a file, or as a batch task."""

from pages.components import shell, trial, trial_choice
from pages.components.language import N_

caller = shell.open_page(N_("Try it"))
target = trial_choice.draw(caller)
if target is not None:
    trial.draw(caller, target)
