"""What every runtime keeps to, whatever the format: one suite, subclassed once per runtime."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import msgspec
import pyarrow as pa
import pytest

from core.runtimes.base import ERROR_COLUMN, PREDICTION, PROBABILITY, ModelInfo, Runtime
from core.runtimes.inspection import choose_runtime, inspect_file
from tests.core.runtimes.opened import Opened, Record, assert_same


class RuntimeContract:
    """Subclass it with a runtime, and a classifier whose `records` get different answers.

    No value of `required` may be missing; the model says so in its fields.
    """

    runtime: ClassVar[Runtime]
    file_name: ClassVar[str]
    records: ClassVar[list[Record]]
    required: ClassVar[str]

    @classmethod
    def write_model(cls, path: Path) -> None:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def opened(cls, tmp_path_factory: pytest.TempPathFactory) -> Opened:
        folder = tmp_path_factory.mktemp("contract")
        path = folder / cls.file_name
        cls.write_model(path)
        inspected = inspect_file(path, cls.file_name, folder, seconds=120, memory=4 << 30)
        return Opened(inspected.info, cls.runtime.load(inspected.path, inspected.info))

    def test_its_files_are_recognised_by_content(self, tmp_path: Path) -> None:
        path = tmp_path / "upload"
        self.write_model(path)
        assert choose_runtime(path, "upload").format == self.runtime.format

    def test_a_classifier_has_a_prediction_and_probabilities_that_sum_to_one(
        self, opened: Opened
    ) -> None:
        for answer in opened.answers(self.records):
            probabilities = [v for k, v in answer.items() if k.startswith(PROBABILITY)]
            assert answer[PREDICTION] is not None
            assert sum(float(str(p)) for p in probabilities) == pytest.approx(1, abs=1e-5)

    def test_the_records_get_different_answers(self, opened: Opened) -> None:
        answers = opened.answers(self.records)
        assert len({str(answer) for answer in answers}) == len(self.records)

    def test_rows_keep_their_order(self, opened: Opened) -> None:
        forth = opened.answers(self.records)
        back = opened.answers(self.records[::-1])
        assert back[::-1] == forth

    def test_a_row_alone_gets_the_answer_that_it_gets_among_others(self, opened: Opened) -> None:
        alone = [opened.answer(record) for record in self.records]
        assert_same(alone, opened.answers(self.records))

    def test_many_rows_get_the_answers_that_few_get(self, opened: Opened) -> None:
        times = 50_001 // len(self.records)
        scored = opened.scorer.score(opened.typed(self.records * times))
        first = scored.slice(0, len(self.records)).to_pylist()
        last = scored.slice(scored.num_rows - len(self.records)).to_pylist()
        assert scored.num_rows == times * len(self.records)
        assert_same(first, opened.answers(self.records))
        assert_same(last, opened.answers(self.records))

    def test_no_rows_give_no_rows(self, opened: Opened) -> None:
        scored = opened.scorer.score(opened.typed([]))
        assert scored.num_rows == 0
        assert scored.schema.names == [*opened.info.output_schema.names, ERROR_COLUMN]

    def test_the_answer_has_the_columns_that_the_model_announces(self, opened: Opened) -> None:
        scored = opened.scorer.score(opened.typed(self.records))
        announced = opened.info.output_schema.arrow.append(pa.field(ERROR_COLUMN, pa.string()))
        assert scored.schema.equals(announced)

    def test_good_rows_have_no_error(self, opened: Opened) -> None:
        assert {answer[ERROR_COLUMN] for answer in opened.answers(self.records)} == {None}

    def test_a_required_value_that_is_missing_fails_its_row_alone(self, opened: Opened) -> None:
        gap = self.records[1] | {self.required: None}
        answers = opened.answers([self.records[0], gap, self.records[2]])
        assert self.required in str(answers[1][ERROR_COLUMN])
        assert {v for k, v in answers[1].items() if k != ERROR_COLUMN} == {None}
        assert [answers[0], answers[2]] == opened.answers([self.records[0], self.records[2]])

    def test_a_value_of_the_wrong_type_fails_its_row_alone(self, opened: Opened) -> None:
        bad = self.records[0] | {self.required: {"not": "a number"}}
        answers = opened.answers([bad, *self.records])
        assert answers[0][ERROR_COLUMN]
        assert answers[1:] == opened.answers(self.records)

    def test_threads_share_a_scorer(self, opened: Opened) -> None:
        expected = opened.answers(self.records)
        with ThreadPoolExecutor(8) as pool:
            calls = [pool.submit(opened.answers, self.records) for _ in range(64)]
        assert all(call.result() == expected for call in calls)

    def test_the_sample_can_be_scored(self, opened: Opened) -> None:
        assert opened.info.sample
        assert opened.answer(opened.info.sample)[ERROR_COLUMN] is None

    def test_the_information_survives_being_stored(self, opened: Opened) -> None:
        stored = msgspec.json.encode(opened.info)
        assert msgspec.json.decode(stored, type=ModelInfo) == opened.info

    def test_the_information_says_what_the_model_is(self, opened: Opened) -> None:
        info = opened.info
        assert (info.format, info.function) == (self.runtime.format, "classification")
        assert info.algorithm
        assert info.engine.split()[-1][0].isdigit()
