"""The path of a first day, in a real browser against the real server: P1 to P9.

An empty folder, the first account, a model, its form, a service, a call from outside, a file as a
task, a closed tab, a stopped server, and the result and the chart on coming back.
"""

import csv
import io
import json
import re
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from playwright.sync_api import Browser, Page, StorageState, expect
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.server import Server, running_server

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
LONG = 60_000


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline with numbers and categories, saved as an analyst would."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, 300),
            "income": rng.normal(30_000, 9_000, 300).round(2),
            "city": rng.choice(["Oslo", "北京", "São Paulo"], 300),
        }
    )
    columns = ColumnTransformer(
        [("n", StandardScaler(), ["age", "income"]), ("c", OneHotEncoder(), ["city"])]
    )
    model = make_pipeline(columns, LogisticRegression())
    path = tmp_path_factory.mktemp("model") / "people.skops"
    skops.io.dump(model.fit(frame, np.where(frame["age"] > 50, "senior", "junior")), path)
    return path


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "customers.csv"
    lines = [f"{i},{20 + i % 60},{20_000 + i},Oslo" for i in range(1, 2001)]
    lines[6] = "7,old,20007,Oslo"
    path.write_text("id,age,income,city\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_from_an_empty_folder_to_a_result_that_survives_a_restart(
    browser: Browser, tmp_path: Path, people: Path, rows: Path, shots: Path
) -> None:
    storage, log = tmp_path / "storage", tmp_path / "server.log"
    with running_server(storage, log) as server:
        page = tab(browser)
        make_first_account(page, server, shots)
        upload(page, server, people, shots)
        try_on_the_form(page, shots)
        endpoint_page = deploy(page, shots)
        token = make_token(page, server, shots)
        call_from_outside(server, token)
        task = submit_a_file(page, server, rows, shots)
        cookies = page.context.storage_state()
        page.context.close()
        server.stop()
        assert "The platform is closed" in log.read_text()
    with running_server(storage, log) as server:
        page = tab(browser, storage_state=cookies)
        read_the_result(page, server, task, shots)
        see_the_calls(page, server, endpoint_page, shots)
        sign_out(page, shots)
        assert "Traceback" not in log.read_text()


def tab(browser: Browser, storage_state: StorageState | None = None) -> Page:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, storage_state=storage_state
    )
    context.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    return context.new_page()


def shoot(page: Page, shots: Path, name: str) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.screenshot(path=shots / f"walk-{name}.png", full_page=True)


def await_cookie(page: Page, *, there: bool) -> None:
    """Wait until the browser holds the cookie of a sign-in, or no longer does."""
    for _ in range(300):
        if any(cookie.get("name") == "slipway" for cookie in page.context.cookies()) == there:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"The cookie of the sign-in is {'not ' if there else ''}there.")


def make_first_account(page: Page, server: Server, shots: Path) -> None:
    page.goto(f"{server.url}/models")
    expect(page.get_by_text("you will be the admin")).to_be_visible(timeout=LONG)
    shoot(page, shots, "01-first-visit")
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create the admin account").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    await_cookie(page, there=True)
    page.reload()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    shoot(page, shots, "02-no-models-yet")


def upload(page: Page, server: Server, file: Path, shots: Path) -> None:
    page.get_by_role("button", name="Upload a model").first.click()
    page.locator(".st-key-models_upload_file input[type=file]").set_input_files(file)
    expect(page.get_by_text("people.skops")).to_be_visible()
    page.get_by_label("Name", exact=True).fill('Seniors "北京" 🧓')
    page.get_by_label("Description").fill("Tells seniors from juniors.")
    shoot(page, shots, "03-upload")
    page.locator(".st-key-models_upload_submit button").click()
    expect(page.get_by_role("heading", name='Seniors "北京" 🧓')).to_be_visible(timeout=LONG)
    expect(page).to_have_url(re.compile(r"/models\?model=\w+"))
    shoot(page, shots, "04-model")


def try_on_the_form(page: Page, shots: Path) -> None:
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_label("age", exact=True)).to_be_visible()
    page.get_by_label("age", exact=True).fill("77")
    shoot(page, shots, "05-form")
    page.get_by_role("button", name="Predict").first.click()
    expect(page.get_by_text("senior").first).to_be_visible()
    shoot(page, shots, "06-answer")


def deploy(page: Page, shots: Path) -> str:
    page.get_by_role("link", name="Open the model").first.click()
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_label("Name of the service").fill("production")
    page.get_by_test_id("stDialog").get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("heading", name="production")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/deployments\?deployment=\w+"))
    shoot(page, shots, "07-service")
    return urllib.parse.urlsplit(page.url).query


def make_token(page: Page, server: Server, shots: Path) -> str:
    page.get_by_role("link", name="Account").click()
    page.get_by_label(re.compile("Name|name")).first.fill("laptop")
    page.get_by_role("button", name=re.compile("token", re.I)).first.click()
    shown = page.get_by_text(re.compile(r"slip_\w+")).first
    expect(shown).to_be_visible()
    shoot(page, shots, "08-token")
    found = re.search(r"slip_[\w-]+", shown.inner_text())
    assert found
    return found.group()


def call_from_outside(server: Server, token: str) -> None:
    record = {"age": 20, "income": 20_000, "city": "北京"}
    fields = {"modelname": 'Seniors "北京" 🧓', "deployment": "production"}
    for _ in range(5):
        body = urllib.parse.urlencode({**fields, "input": json.dumps(record)}).encode()
        request = urllib.request.Request(
            f"{server.url}/api/deployment/predict",
            body,
            {"Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["output"]["prediction"] == "junior"


def submit_a_file(page: Page, server: Server, file: Path, shots: Path) -> str:
    page.get_by_role("link", name="Try it").first.click()
    page.get_by_label("Model or service").click()
    page.get_by_role("option", name=re.compile("production")).click()
    page.get_by_role("tab", name="File").click()
    page.locator(".st-key-predict_file_upload input[type=file]").set_input_files(file)
    expect(page.get_by_text("customers.csv")).to_be_visible()
    expect(page.get_by_text("First rows, tried out")).to_be_visible(timeout=LONG)
    shoot(page, shots, "09-batch")
    page.get_by_role("button", name="Score all rows").click()
    expect(page).to_have_url(re.compile(r"/tasks\?task=\w+"))
    return urllib.parse.urlsplit(page.url).query


def read_the_result(page: Page, server: Server, task: str, shots: Path) -> None:
    page.goto(f"{server.url}/tasks?{task}")
    expect(page.get_by_role("heading", name="customers.csv")).to_be_visible(timeout=LONG)
    page.get_by_role("tab", name="Download").click(timeout=LONG)
    csv_link = page.get_by_role("link", name="CSV", exact=True)
    expect(csv_link).to_be_visible(timeout=LONG)
    shoot(page, shots, "10-result")
    with page.expect_download() as download:
        csv_link.click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    scored = list(csv.DictReader(io.StringIO(text)))
    assert [row["id"] for row in scored] == [str(i) for i in range(1, 2001)]
    assert 'age: "old" is not a number' in scored[6]["error"]
    assert {row["prediction"] for i, row in enumerate(scored) if i != 6} == {"senior", "junior"}


def see_the_calls(page: Page, server: Server, service: str, shots: Path) -> None:
    page.goto(f"{server.url}/deployments?{service}")
    expect(page.get_by_role("heading", name="production")).to_be_visible(timeout=LONG)
    calls = page.get_by_test_id("stMetric").filter(has_text="Calls")
    expect(calls).to_contain_text("5")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    shoot(page, shots, "11-watch")
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    shoot(page, shots, "12-home")


def sign_out(page: Page, shots: Path) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    await_cookie(page, there=False)
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    shoot(page, shots, "13-signed-out")
