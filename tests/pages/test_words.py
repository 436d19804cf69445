"""How pages write names, numbers and moments, and what they say when something fails."""

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Element

from pages.components import results, text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain name", "plain name"),
        ("模型 😀", "模型 😀"),
        ("a_b*c", r"a\_b\*c"),
        ("$x$ [a](b)", r"\$x\$ \[a\](b)"),
        ("two\nlines", "two lines"),
        (":red[x]", ":\u2060red\\[x\\]"),
        (":material/home:", ":\u2060material/home:"),
        ("10:30", "10:30"),
    ],
)
def test_a_name_is_shown_as_it_stands(given: str, shown: str) -> None:
    assert text.plain(given) == shown


def test_a_cut_text_is_never_longer_than_asked() -> None:
    assert text.short("x" * 60) == "x" * 60
    assert text.short("x" * 61) == "x" * 59 + "…"


def test_a_cut_text_ends_in_no_comma_before_its_ellipsis() -> None:
    assert text.short("Put the copy back, or upload it again.", 19) == "Put the copy back…"
    assert text.fit("请恢复副本，或将其上传", 13) == "请恢复副本…"


@pytest.mark.parametrize(
    ("given", "fitted"),
    [
        ("abcdefghi", "abcdefghi"),
        ("abcdefghij", "abcdefgh…"),
        ("北京客户", "北京客户"),
        ("北京客户流", "北京客…"),
    ],
)
def test_a_fitted_text_counts_a_chinese_character_by_its_width(given: str, fitted: str) -> None:
    assert text.fit(given, 9) == fitted


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.2, "1 s"), (59, "59 s"), (61, "1 min"), (7300, "2 h"), (90_000, "1 d")],
)
def test_a_length_of_time_has_one_unit(seconds: float, shown: str) -> None:
    assert text.span(seconds) == shown


def test_a_moment_is_told_from_now() -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    assert text.ago(now) == "just now"
    assert text.ago(now - timedelta(minutes=5, seconds=5)) == "5 min ago"
    assert text.ago(None) == "never"


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), (0.123, "0.1 ms"), (123.4, "123 ms"), (1234.5, "1.23 s")]
)
def test_a_latency_has_as_many_digits_as_mean_something(value: float | None, shown: str) -> None:
    assert text.milliseconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(5.0, "5"), (0.1, "0.1"), (1_000_000.0, "1000000"), (2.5e9, "2500000000")]
)
def test_a_number_that_people_set_keeps_all_its_digits(value: float, shown: str) -> None:
    """A threshold of a million once read 1e+06."""
    assert text.digits(value) == shown


def test_names_are_listed_and_noted_as_the_language_writes_it() -> None:
    def page() -> None:
        import streamlit as st

        from pages.components import text

        st.text(text.listed(["Rain", text.with_note("Wind", "km/h"), text.with_note("Plan", "")]))

    app = AppTest.from_function(page)
    assert app.run().text[0].value == "Rain, Wind (km/h), Plan"


def test_the_most_likely_class_comes_first() -> None:
    output = {"prediction": "b", "probability_a": 0.2, "probability_b": 0.8, "other": 1}
    assert list(results.probabilities(output).items()) == [("b", 0.8), ("a", 0.2)]


def test_several_answers_are_counted_from_one_and_arrays_become_text() -> None:
    table = results.table_of([{"y": [1, 2]}, {"error": "bad"}])
    assert list(table.index) == [1, 2]
    assert table["y"].iloc[0] == "[1, 2]"


def test_a_column_of_numbers_with_a_text_among_them_is_shown_as_text() -> None:
    table = results.table_of([{"self": 1.5, "age": 20}, {"self": "old"}, {"self": None}])
    assert table["self"].dropna().tolist() == ["1.5", "old"]
    assert table["age"].dropna().tolist() == [20]


def answered(output: dict[str, object]) -> AppTest:
    def page(output: dict[str, object]) -> None:
        from core.runtimes.base import ModelInfo
        from core.services.predictions import Answer
        from pages.components import results

        info = ModelInfo("onnx", "transformation", "a", "b", (), ())
        results.draw_answer(Answer(output, 1.0), info, "t")

    app = AppTest.from_function(page, args=(output,), default_timeout=30).run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("array", "drawn"),
    [
        ([1.0, 2.0], "dataframe"),
        ([[[1.0]], [[2.0]]], "json"),
        ([[0.5] * 20] * 20, "image"),
        ([[[0.5] * 20] * 20] * 3, "image"),
        ([[float(column) for column in range(300)]], ""),
        ([["a"] * 20] * 20, ""),
    ],
)
def test_an_array_is_drawn_as_what_it_is(array: list[object], drawn: str) -> None:
    app = answered({"prediction": array})
    kinds = {each.type for each in app.main if isinstance(each, Element)} - {"caption"}
    assert kinds == ({drawn} if drawn else set())


def test_several_outputs_of_different_kinds_make_one_table() -> None:
    app = answered({"prediction": "a", "score": 0.25, "code": "x", "all": [1, 2, 3, 4, 5]})
    assert list(app.dataframe[0].value["Value"]) == ["0.25", "x", "5: 1, 2, 3, 4, …"]


def failing(kind: str) -> AppTest:
    def page(kind: str) -> None:
        import streamlit as st

        from core.errors import InvalidInput, Problem
        from pages.components.errors import showing_errors

        problems = [Problem("a is missing.", "a"), Problem("b is no number.", "b", None, "x")]
        failures = {
            "known": InvalidInput("Two fields are wrong.", details=problems),
            "unknown": RuntimeError("the secret is 42"),
        }
        with showing_errors():
            raise failures[kind]
        st.markdown("the rest of the page")  # type: ignore[unreachable] # showing_errors goes on

    return AppTest.from_function(page, args=(kind,), default_timeout=30).run()


def test_a_known_failure_is_its_sentence_and_a_table() -> None:
    app = failing("known")
    assert app.error[0].value == "Two fields are wrong."
    assert list(app.dataframe[0].value) == ["Field", "Value", "Problem"]
    assert app.markdown[0].value == "the rest of the page"


def test_an_unknown_failure_is_a_reference_that_the_log_has(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = failing("unknown")
    reference = app.error[0].value.split("**")[1]
    assert reference in caplog.text
    assert "the secret is 42" in caplog.text
    assert "secret" not in app.error[0].value
