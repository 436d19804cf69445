"""The part of the admin's page that makes backups."""

from urllib.parse import parse_qs, urlsplit

from core.platform import Platform
from core.services.accounts import Caller
from core.services.model_views import ModelView
from tests.pages.conftest import ran, visit


def test_an_admin_is_given_a_link_to_a_backup_that_holds_what_was_asked_for(
    platform: Platform, ann: Caller, iris: ModelView
) -> None:
    """A1: the link of the button opens a backup, once."""
    app = visit(ann, "pages/admin.py", admin_part="Backup")
    assert iris.owner == "ann"
    app.checkbox(key="admin_backup_results").check()
    app.button(key="admin_backup_make").click()
    ran(app)
    [link] = [each for each in app.get("link_button") if "backup" in each.proto.url]
    [ticket] = parse_qs(urlsplit(link.proto.url).query)["ticket"]
    assert platform.backup_tickets.redeem(ticket) == (ann, True)
