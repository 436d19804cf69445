"""Every route described by /api/openapi.json, called with what the description allows and forbids.

No call may be answered with 500, and every answer must be one that the description has.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import BaseSchema
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.applications import Starlette

from core.api.app import ENDPOINTS, routes
from core.api.openapi import openapi
from core.platform import open_platform
from core.settings import Settings
from tests.core.api.conftest import PASSWORD
from tests.shortcuts import quick_platforms

_CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory, iris_file: Path) -> Iterator[BaseSchema]:
    """The description by a platform with one account, model and service."""
    storage = tmp_path_factory.mktemp("fuzzed")
    with quick_platforms():
        platform = open_platform(Settings(storage=storage), inline=True)
        ann = platform.accounts.register("ann", PASSWORD)
        with iris_file.open("rb") as file:
            staged = platform.files.stage(file, iris_file.name, 1 << 20)
        model = platform.models.add(ann, "iris", staged).model
        platform.deployments.create(ann, model.id, "live")
        token = platform.accounts.create_token(ann, "fuzzer").token
        app = Starlette(routes=routes(lambda: platform))
        schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
        schema.config.update(headers={"Authorization": f"Bearer {token}"})
        yield schema
        platform.close()


_METHODS = [
    (path, method) for path, methods in openapi(ENDPOINTS)["paths"].items() for method in methods
]


_REAL = {"modelname": "iris", "deployment": "live", "endpoint": "iris-live", "owner": "ann"}
_ENDS = ("delete", "pause")  # what is there must be there for the next call


@pytest.mark.parametrize(("path", "method"), _METHODS)
def test_every_route_keeps_to_its_description(
    described: BaseSchema, path: str, method: str
) -> None:
    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described[path][method].as_strategy(), real=st.booleans())
    def call(case: schemathesis.Case[Any], real: bool) -> None:
        if real and not path.endswith(_ENDS):
            _name_what_is_there(case)
        case.call_and_validate(checks=_CHECKS)

    call()


def _name_what_is_there(case: schemathesis.Case[Any]) -> None:
    for sent in (case.body, case.path_parameters):
        if isinstance(sent, dict):
            sent.update({name: value for name, value in _REAL.items() if name in sent})
