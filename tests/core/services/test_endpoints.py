import re

import pytest

from core.services.endpoints import free_endpoint


@pytest.mark.parametrize(
    ("model", "deployment", "endpoint"),
    [
        ("churn", "prod", "churn-prod"),
        ("churn", "churn prod", "churn-prod"),
        ("Café Modell", "Größe_2", "cafe-modell-grosse-2"),
        ("客户流失", "prod", "prod"),
        ("churn", "生产", "churn"),
        ("a  --  b", "//c", "a-b-c"),
        ("Łódź", "smørrebrød", "lodz-smorrebrod"),
        ("m" * 100, "prod", "m" * 60),
    ],
)
def test_an_address_is_spelled_in_ascii_of_both_names(
    model: str, deployment: str, endpoint: str
) -> None:
    assert free_endpoint(model, deployment, set()) == endpoint


def test_a_taken_address_gets_the_next_number() -> None:
    taken = {"churn-prod", "churn-prod-2"}
    assert free_endpoint("churn", "prod", taken) == "churn-prod-3"


@pytest.mark.parametrize(("model", "deployment"), [("客户流失", "生产"), ("модель", "прод")])
def test_names_that_ascii_cannot_spell_get_a_random_address(model: str, deployment: str) -> None:
    assert re.fullmatch(r"service-[0-9a-f]{4}", free_endpoint(model, deployment, set()))


def test_a_random_address_is_never_a_taken_one() -> None:
    class AllOfFour:
        def __contains__(self, endpoint: object) -> bool:
            return len(str(endpoint)) == len("service-") + 4

    assert re.fullmatch(r"service-[0-9a-f]{5}", free_endpoint("客户", "生产", AllOfFour()))
