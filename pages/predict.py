"""Try a model or a deployed service: on a form, with JSON, with a file, or as a batch task."""

from pages.components import shell, trial, trial_choice

caller = shell.open_page("Try it")
target = trial_choice.draw(caller)
if target is not None:
    trial.draw(caller, target)
