"""The webhook of the caller over HTTP."""

from core.platform import Platform
from tests.core.api.conftest import Api


def test_a_webhook_is_set_tried_and_removed(ann: Api, platform: Platform) -> None:
    answer = ann.post("webhook/set", url="https://example.org/told")
    assert (ann.http, answer["url"]) == (201, "https://example.org/told")
    assert len(answer["secret"]) > 40
    assert ann.post("webhook/try") == {"status": "success"}
    info = ann.post("webhook/info")
    assert info["url"] == "https://example.org/told"
    assert [(each["task"], each["state"]) for each in info["delivery"]] == [(None, "waiting")]
    assert ann.post("webhook/delete") == {"status": "success"}
    assert ann.post("webhook/info") == {"status": "success", "url": None, "delivery": []}
    assert platform.webhooks.deliver_due() == 0


def test_an_address_inside_the_network_is_refused(ann: Api) -> None:
    answer = ann.post("webhook/set", url="http://127.0.0.1:8501/")
    assert (ann.http, answer["code"]) == (422, "invalid_input")
    assert "inside a network" in answer["message"]
