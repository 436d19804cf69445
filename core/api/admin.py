"""What admins do over HTTP: they decide on the types in files that are not allowed."""

from core.api.answers import Answer, stamp
from core.api.forms import Call, Endpoint, need
from core.runtimes.asked_types import Standing
from core.services.approvals import ApprovalView


def list_approvals(call: Call) -> Answer:
    """Return what admins were asked about types in files, the newest first; admins only."""
    views = call.platform.approvals.list_(call.caller)
    return {"approval": [_line(view) for view in views]}


def approve(call: Call) -> Answer:
    """Admit the types of a request for the one file it is about; admins only."""
    return _line(call.platform.approvals.approve(call.caller, call.form.text("id")))


def decline(call: Call) -> Answer:
    """Turn a request down; admins only."""
    return _line(call.platform.approvals.decline(call.caller, call.form.text("id")))


def revoke(call: Call) -> Answer:
    """Take an approval back: versions made of the file are not loaded any more; admins only."""
    return _line(call.platform.approvals.revoke(call.caller, call.form.text("id")))


def _line(view: ApprovalView) -> Answer:
    return {
        "id": view.id,
        "state": view.state.value,
        "file": view.file_name,
        "sha256": view.sha256,
        "user": view.asked_by,
        "time": stamp(view.asked),
        "decided": stamp(view.decided),
        "decided_by": view.decided_by,
        "types": [
            {
                "name": each.name,
                "approvable": each.standing is Standing.APPROVABLE,
                "package": each.package,
                "version": each.version,
                "reason": each.reason,
            }
            for each in view.types
        ],
    }


_APPROVAL_KEYS = ("id", "state", "file", "sha256", "user", "time", "decided", "decided_by", "types")
_ID = (need("id", "the id of a request, from the list"),)

ENDPOINTS = (
    Endpoint("/api/admin/approval/list", list_approvals, adds=("approval",)),
    Endpoint("/api/admin/approval/approve", approve, _ID, adds=_APPROVAL_KEYS),
    Endpoint("/api/admin/approval/decline", decline, _ID, adds=_APPROVAL_KEYS),
    Endpoint("/api/admin/approval/revoke", revoke, _ID, adds=_APPROVAL_KEYS),
)
