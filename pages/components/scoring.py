"""A record on its way to what is tried: a service, which counts the call, or a version's test."""

from core.services.accounts import Caller
from core.services.predictions import Answer
from pages.components import session
from pages.components.trial_choice import Target


def score(caller: Caller, target: Target, records: object) -> Answer:
    """Score what was given; a record that was answered is kept for calls to copy."""
    platform = session.platform()
    model = target.view.model
    if target.service:
        live = platform.deployments.live_for(caller, target.service.endpoint)
        answer = platform.predictions.call(caller, live, records)
    else:
        answer = platform.predictions.test(caller, model.id, records, version=target.view.number)
    platform.first_steps.note_test(caller, model.id)
    session.remember_input(model.id, records[0] if isinstance(records, list) else records)
    return answer
