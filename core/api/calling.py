"""A service called by the form contract, with the answer at once (I16)."""

import asyncio
from functools import partial

from core.api.forms import Answer, Call
from core.api.inputs import records_of, short_json
from core.services import predictions
from core.services.deployment_views import Live
from core.services.predictions import Measure


def called(call: Call) -> Live:
    """Return the service that the form names; raises ModelNotFound, DeploymentNotFound."""
    form = call.form
    return call.platform.deployments.live_named(
        call.caller, form.text("modelname"), form.text("deployment"), form.find("owner")
    )


async def predict(call: Call) -> Answer:
    """Call a service and get the answer at once."""
    live = await _found(call)
    scoring = call.platform.predictions
    with scoring.measured(call.caller, live) as measure:
        records = short_json(call.form)
        if records is None:
            fast, work = False, partial(_read_and_scored, call, live, measure)
        else:
            rows = len(records) if isinstance(records, list) else 1
            fast = scoring.is_fast(live, rows)
            work = partial(scoring.answer, live, records, measure)
        answer = await call.lanes.run(fast, live.deployment_id, work)
    return {
        "output": answer.output,
        "latency_ms": answer.latency_ms,
        "version": live.version,
    }


async def _found(call: Call) -> Live:
    """Return the service from memory; only saying why there is none needs the database."""
    form = call.form
    names = form.text("modelname"), form.text("deployment"), form.find("owner")
    found = call.platform.deployments.find_named(call.caller, *names)
    return await asyncio.to_thread(called, call) if found is None else found


def _read_and_scored(call: Call, live: Live, measure: Measure) -> predictions.Answer:
    with records_of(call, live.info) as records:
        return call.platform.predictions.answer(live, records, measure)
