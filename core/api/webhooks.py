"""The caller's webhook over HTTP: set it, look at it, try it, remove it."""

from core.api.answers import stamp
from core.api.forms import Answer, Call, Endpoint, need


def set_webhook(call: Call) -> Answer:
    """Tell the caller of the end of tasks at an address; the secret is shown this once."""
    made = call.platform.webhooks.set(call.caller, call.form.text("url"))
    return {"url": made.url, "secret": made.secret}


def info(call: Call) -> Answer:
    """Return where the caller is told, and what was sent there of late."""
    hook = call.platform.webhooks.find(call.caller)
    sent = [
        {
            "id": each.id,
            "task": each.task_id,
            "state": each.state,
            "attempts": each.attempts,
            "due": stamp(each.due),
            "detail": each.detail,
            "created": stamp(each.created),
        }
        for each in call.platform.webhooks.deliveries(call.caller)
    ]
    return {"url": hook.url if hook else None, "delivery": sent}


def try_out(call: Call) -> Answer:
    """Send a trial to the webhook; what comes of it is in its deliveries."""
    call.platform.webhooks.try_out(call.caller)
    return {}


def delete(call: Call) -> Answer:
    """Remove the webhook, with what still waits to be sent."""
    call.platform.webhooks.delete(call.caller)
    return {}


ENDPOINTS = (
    Endpoint(
        "/api/webhook/set",
        set_webhook,
        (need("url", "http:// or https://, on the open internet"),),
        adds=("url", "secret"),
        http=201,
    ),
    Endpoint("/api/webhook/info", info, adds=("url", "delivery")),
    Endpoint("/api/webhook/try", try_out, http=202),
    Endpoint("/api/webhook/delete", delete),
)
