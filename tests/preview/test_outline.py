"""Previews: grids without building them, brackets against the paper, draws on every scale."""

from __future__ import annotations

import json
import struct
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.cli import run as hptc
from hptc.diagnostics import RequestPath
from hptc.errors import UsageError
from hptc.preview.outline import brackets, preview
from hptc.preview.plot import draw_search_space, search_space_svg
from hptc.render.preview import previews_json, render_preview
from hptc.request.scales import combination, draw, scale_of
from hptc.request.tuning_job import CategoricalRange, NumericRange, TuningJob
from tests.support.golden import Golden
from tests.support.outcomes import succeeded
from tests.support.paths import ROOT
from tests.support.png_pixels import green_rows
from tests.support.rule_cases import compile_case
from tests.support.secret_samples import filled


def job(spec: str) -> TuningJob:
    """A spec over the base of tests/rules: 20 jobs, 2 in parallel, 1 h each, 1 d in total."""
    compiled = compile_case(spec)
    compiled = succeeded(compiled)
    return compiled.job


GRID = """
strategy: Grid
limits: {max_number_of_training_jobs: null, max_parallel_training_jobs: 4}
training_job:
  hyperparameters:
    rate: null
    depth: null
    layers: {type: Categorical, values: [2, 4, 6]}
    optimizer: {type: Categorical, values: [sgd, adam]}
"""
SCALES = """
random_seed: 7
limits: {max_parallel_training_jobs: 4}
training_job:
  hyperparameters:
    depth: {type: Integer, min: 1, max: 40, scaling: Linear}
    rate: {type: Continuous, min: 1e-4, max: 0.5, scaling: Logarithmic}
    momentum: {type: Continuous, min: 0.5, max: 0.999, scaling: ReverseLogarithmic}
    width: {type: Integer, min: 8, max: 4096, scaling: Logarithmic}
    dropout: {type: Continuous, min: 0, max: 0.5}
    batch: {type: Integer, min: 16, max: 4096}
    optimizer: {type: Categorical, values: [sgd, adam, "<rms & prop>"]}
"""
HYPERBAND = """
strategy: Hyperband
hyperband: {min_resource: 1, max_resource: 27}
limits: {max_number_of_training_jobs: 20, max_parallel_training_jobs: 4}
"""
SEVERAL = """
limits: {max_parallel_training_jobs: 4}
training_jobs:
  trees: {stopping: {max_runtime: 2h}}
  lines: {}
"""
SPECS = {"scales": SCALES, "grid": GRID, "hyperband": HYPERBAND, "several": SEVERAL}


@pytest.mark.parametrize("name", SPECS)
def test_rendered(name: str, golden: Golden) -> None:
    result = preview(job(SPECS[name]))
    golden(f"preview/{name}.txt", render_preview("churn", result))
    golden(f"preview/{name}.json", previews_json([("churn", result)]))
    golden(f"preview/{name}.svg", search_space_svg("churn", result))


@pytest.mark.parametrize(
    ("number", "parallel", "samples"), [(40, 9, 9), (40, 10, 10), (40, 11, 10), (3, 3, 3)]
)
def test_there_are_at_most_ten_samples(number: int, parallel: int, samples: int) -> None:
    assert len(preview(job(limited(number, parallel))).samples) == samples


def test_a_secret_that_is_the_name_of_a_hyperparameter_is_hidden() -> None:
    token = filled("ghp_{alnum:36}")
    text = f"training_job: {{hyperparameters: {{{token}: {{type: Integer, min: 1, max: 9}}}}}}"
    shown = render_preview("x", preview(succeeded(compile_case(text)).job))
    assert "*" * len(token) in shown
    assert token not in shown


def test_the_same_job_has_the_same_preview() -> None:
    assert preview(job(SCALES)) == preview(job(SCALES))
    other = SCALES.replace("random_seed: 7", "random_seed: 8")
    assert preview(job(SCALES)).samples != preview(job(other)).samples


class TestGrid:
    """Points are counted and named, never built."""

    def test_points_in_order(self) -> None:
        (definition,) = job(GRID).definitions
        points = [tuple(combination(definition, index).values()) for index in range(6)]
        assert points == [
            ("2", "sgd"), ("2", "adam"), ("4", "sgd"), ("4", "adam"), ("6", "sgd"), ("6", "adam")
        ]  # fmt: skip

    def test_first_and_last(self) -> None:
        (grid,) = preview(job(GRID)).grids
        assert (grid.points, list(grid.first.values()), list(grid.last.values())) == (
            6,
            ["2", "sgd"],
            ["6", "adam"],
        )

    def test_a_random_search_of_categories_is_drawn(self) -> None:
        grid, random = (
            [tuple(sample.values.values()) for sample in preview(job(spec)).samples]
            for spec in (GRID, GRID.replace("strategy: Grid", "strategy: Random"))
        )
        assert grid == [("2", "sgd"), ("2", "adam"), ("4", "sgd"), ("4", "adam")]
        assert len(random) == 4
        assert random != grid

    def test_huge_grid(self) -> None:
        base = job(GRID)
        values = tuple(str(n) for n in range(30))
        ranges = tuple(
            CategoricalRange(name=f"x{n:02}", values=values, path=RequestPath()) for n in range(30)
        )
        huge = replace(base, definitions=(replace(base.definitions[0], ranges=ranges),))
        result = preview(huge)
        (grid,) = result.grids
        assert grid.points == 30**30
        assert set(grid.last.values()) == {"29"}
        assert any("the maximum is 750" in warning for warning in result.warnings)
        assert "points" in render_preview("huge", result)


PAPER = [
    [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
    [(34, 3), (11, 9), (3, 27), (1, 81)],
    [(15, 9), (5, 27), (1, 81)],
    [(8, 27), (2, 81)],
    [(5, 81)],
]


class TestHyperband:
    """The brackets of the paper, table 1: at most 81 of a resource, reduced by 3."""

    def test_against_the_paper(self) -> None:
        hyperband = brackets(1, 81)
        assert [
            [(rung.training_jobs, rung.resource) for rung in bracket.rungs]
            for bracket in hyperband.brackets
        ] == PAPER
        assert hyperband.training_jobs == 81 + 34 + 15 + 8 + 5

    def test_resource_by_hand(self) -> None:
        # s=1: 3 jobs to 1, 1 of them on to 3: 3 x 1 + 1 x 2 = 5; s=0: 2 jobs to 3 = 6
        hyperband = brackets(1, 3)
        assert (hyperband.training_jobs, hyperband.resource) == (5, 11)

    @pytest.mark.parametrize(
        ("least", "most", "count"), [(1, 1, 1), (5, 5, 1), (1, 2, 1), (1, 3, 2), (3, 27, 3)]
    )
    def test_number_of_brackets(self, least: int, most: int, count: int) -> None:
        assert len(brackets(least, most).brackets) == count

    def test_max_resource_comes_from_a_static_hyperparameter(self) -> None:
        spec = """
strategy: Hyperband
training_job: {hyperparameters: {epochs: 9}}
"""
        result = preview(job(spec))
        assert result.hyperband is not None
        assert (result.hyperband.min_resource, result.hyperband.max_resource) == (1, 9)

    @pytest.mark.parametrize(
        ("strategy", "least", "most", "static", "has_brackets"),
        [
            ("Hyperband", 1, 9, {}, True),
            ("Bayesian", 1, 9, {}, False),
            ("Hyperband", 9, 9, {}, True),
            ("Hyperband", 10, 9, {}, False),
            ("Hyperband", None, None, {}, False),  # nothing says how long a training job is
            ("Hyperband", None, None, {"epochs": "many"}, False),
            ("Hyperband", 9, None, {"epochs": "9"}, True),
            ("Hyperband", 10, None, {"epochs": "9"}, False),
            ("Hyperband", 10, 20, {"epochs": "9"}, True),  # the spec's own maximum comes first
        ],
    )
    def test_brackets_need_a_resource(
        self,
        strategy: str,
        least: int | None,
        most: int | None,
        static: dict[str, str],
        has_brackets: bool,
    ) -> None:
        base = job("{}")
        (definition,) = base.definitions
        changed = replace(
            base,
            strategy=strategy,
            hyperband_min_resource=least,
            hyperband_max_resource=most,
            definitions=(replace(definition, static=static),),
        )
        assert (preview(changed).hyperband is not None) == has_brackets

    @given(st.integers(1, 50), st.integers(0, 20_000))
    def test_rungs_stay_within_the_resource(self, least: int, more: int) -> None:
        hyperband = brackets(least, least + more)
        for bracket in hyperband.brackets:
            resources = [rung.resource for rung in bracket.rungs]
            assert resources == sorted(resources)
            assert least <= resources[0]
            assert resources[-1] == least + more
            assert all(rung.training_jobs >= 1 for rung in bracket.rungs)


class TestWaves:
    """How long it can take."""

    @pytest.mark.parametrize(
        ("spec", "waves", "hours"),
        [
            ("{}", 10, 10),  # 20 jobs, 2 at once, 1 h each
            ("limits: {max_parallel_training_jobs: 3}", 7, 7),  # 20 / 3, rounded up
            ("limits: {max_runtime: 6h}", 10, 6),  # the search ends first
            ("training_job: {stopping: {max_runtime: 2h}}", 10, 20),
            (
                "training_job: {spot: {max_wait_time: 2h}, checkpoint: {s3_uri: 's3://x/y/'}}",
                10,
                20,
            ),  # waiting for spot counts
            ("{limits: {max_number_of_training_jobs: null}}", None, 24),
        ],
    )
    def test_wall_clock(self, spec: str, waves: int | None, hours: int) -> None:
        result = preview(job(spec))
        assert result.waves == waves
        assert result.wall_clock_seconds == hours * 3600


@pytest.mark.parametrize(
    ("spec", "warning"),
    [
        (
            "limits: {max_number_of_training_jobs: 10, max_parallel_training_jobs: 8}",
            "8 of 10 training jobs start before any result is known, as in random search",
        ),
        ("limits: {max_runtime: 3h}", "leaves time for 6 of 20 full training jobs"),
        (HYPERBAND, "has 20 training jobs, but one round of Hyperband needs 49"),
        ("limits: {max_number_of_training_jobs: null}", "number of training jobs is unknown"),
        ("{}", "AWS chooses the scale of depth, rate"),
    ],
)
def test_warnings(spec: str, warning: str) -> None:
    assert any(warning in text for text in preview(job(spec)).warnings)


def limited(number: int, parallel: int, more: str = "") -> str:
    return (
        f"limits: {{max_number_of_training_jobs: {number}, "
        f"max_parallel_training_jobs: {parallel}{more}}}\n"
    )


ROUND = "strategy: Hyperband\nhyperband: {min_resource: 1, max_resource: 27}\n"
AT_THE_LIMIT: dict[str, tuple[str, str, bool]] = {
    # the spec, a part of the warning, whether it is there
    "few training jobs": (limited(3, 2), "as in random search", False),
    "four, two thirds in parallel": (limited(4, 3), "as in random search", True),
    "twice as many as in parallel": (limited(8, 4), "as in random search", False),
    "less than twice as many": (limited(7, 4), "as in random search", True),
    "time for all": (limited(20, 2, ", max_runtime: 10h"), "leaves time for", False),
    "time for all but one round": (limited(20, 2, ", max_runtime: 9h"), "time for 18 of 20", True),
    "one round of Hyperband": (ROUND + limited(49, 4), "one round of Hyperband", False),
    "one less than a round": (ROUND + limited(48, 4), "one round of Hyperband", True),
}


@pytest.mark.parametrize(("spec", "warning", "is_warned"), AT_THE_LIMIT.values(), ids=AT_THE_LIMIT)
def test_warnings_at_their_limits(spec: str, warning: str, is_warned: bool) -> None:
    texts = preview(job(spec)).warnings
    assert any(warning in text for text in texts) is is_warned


def test_every_value_of_a_choice_is_drawn() -> None:
    values = [f"v{number}" for number in range(30)]  # the API allows no more
    spec = f"training_job: {{hyperparameters: {{c: {{type: Categorical, values: {values}}}}}}}"
    drawn = search_space_svg("churn", preview(job(spec)))
    assert drawn.count('<rect class="box"') == 30
    assert "Categorical, 30 values" in drawn


def test_the_largest_grid_has_no_warning() -> None:
    spec = GRID.replace("[2, 4, 6]", str([*range(25)])).replace("[sgd, adam]", str([*range(30)]))
    search_preview = preview(job(spec))
    assert [grid.points for grid in search_preview.grids] == [750]
    assert not any("maximum is 750" in warning for warning in search_preview.warnings)


@given(
    kind=st.sampled_from(["Integer", "Continuous"]),
    scaling=st.sampled_from(["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]),
    low=st.floats(-1e308, 1e308),
    width=st.floats(1e-9, 1e308),
    seed=st.integers(),
)
def test_drawn_value_is_within_its_range(
    kind: str, scaling: str, low: float, width: float, seed: int
) -> None:
    high = min(low + width, 1.7e308)
    first, last = (int(low), int(high)) if kind == "Integer" else (low, high)
    range_ = NumericRange(
        kind=kind, name="x", min=str(first), max=str(last), scaling=scaling, path=RequestPath()
    )
    value = float(draw(range_, Random(seed)))
    slack = abs(low) * 1e-5 + abs(high) * 1e-5 + 1e-12  # six digits are written
    assert first - slack <= value <= last + slack
    base = job("{}")
    drawn = replace(base, definitions=(replace(base.definitions[0], ranges=(range_,)),))
    ElementTree.fromstring(search_space_svg("x", preview(drawn)))


def test_bounds_without_a_distance_that_a_float_can_have_are_drawn_in_the_middle() -> None:
    near = a_range("Continuous", "1e300", "1.0000000000000002e300", "Logarithmic")
    small = a_range("Continuous", "0", "5e-324", "Linear")
    base = job("{}")
    drawn = replace(base, definitions=(replace(base.definitions[0], ranges=(small, near)),))
    root = ElementTree.fromstring(search_space_svg("x", preview(drawn)))
    assert len({line.get("x1") for line in root.iter() if line.get("class") == "tick"}) == 1


def a_range(kind: str, low: str, high: str, scaling: str) -> NumericRange:
    return NumericRange(kind=kind, name="x", min=low, max=high, scaling=scaling, path=RequestPath())


@pytest.mark.parametrize(
    ("low", "high", "scaling", "scale"),
    [
        ("1", "100", "Auto", "Logarithmic"),
        ("1", "99.9", "Auto", "Linear"),
        ("0.001", "0.5", "Auto", "Logarithmic"),
        ("0", "100", "Auto", "Linear"),
        ("-1", "100", "Auto", "Linear"),
        ("low", "100", "Auto", "Linear"),
        ("1", "high", "Auto", "Linear"),
        ("1", "2", "Logarithmic", "Logarithmic"),
        ("1", "100", "Linear", "Linear"),
        ("0.5", "0.9", "ReverseLogarithmic", "ReverseLogarithmic"),
    ],
)
def test_scale_of(low: str, high: str, scaling: str, scale: str) -> None:
    assert scale_of(a_range("Continuous", low, high, scaling)) == scale


@pytest.mark.parametrize(("low", "high"), [("low", "2"), ("1", "high"), ("1", "1e400")])
@pytest.mark.parametrize("kind", ["Integer", "Continuous"])
def test_a_draw_without_two_numbers_is_the_minimum(kind: str, low: str, high: str) -> None:
    assert draw(a_range(kind, low, high, "Linear"), Random(1)) == low


@pytest.mark.parametrize(
    ("kind", "low", "high", "scaling"),
    [
        ("Continuous", "0", "1", "Logarithmic"),
        ("Continuous", "-0.5", "1", "Logarithmic"),
        ("Continuous", "0", "1", "ReverseLogarithmic"),
        ("Continuous", "0", "1.5", "ReverseLogarithmic"),
        ("Integer", "0", "1000", "Logarithmic"),
        ("Integer", "1", "1000", "ReverseLogarithmic"),
    ],
)
def test_a_scale_that_a_range_does_not_have_is_linear(
    kind: str, low: str, high: str, scaling: str
) -> None:
    value = draw(a_range(kind, low, high, scaling), Random(1))
    assert value == draw(a_range(kind, low, high, "Linear"), Random(1))


def test_a_logarithmic_integer_is_uniform_over_magnitudes() -> None:
    random = Random(1)
    range_ = a_range("Integer", "1", "999", "Logarithmic")
    values = [int(draw(range_, random)) for _ in range(3000)]
    for decade in range(3):
        share = sum(len(str(value)) == decade + 1 for value in values) / len(values)
        assert 0.25 < share < 0.45


def test_logarithmic_draw_is_uniform_over_magnitudes() -> None:
    range_ = NumericRange(
        kind="Continuous", name="x", min="1e-4", max="1", scaling="Logarithmic", path=RequestPath()
    )
    random = Random(1)
    values = [float(draw(range_, random)) for _ in range(4000)]
    for decade in range(4):
        share = sum(10.0 ** (decade - 4) <= value < 10.0 ** (decade - 3) for value in values) / 4000
        assert 0.2 < share < 0.3


def test_svg_is_valid_xml_for_any_name() -> None:
    spec = json.dumps(
        {
            "training_job": {
                "hyperparameters": {
                    "<script>&\"'": {"type": "Continuous", "min": 0.1, "max": 0.5},
                    "c": {"type": "Categorical", "values": ["]]>", "\u0001 \u202e", "x" * 200]},
                }
            }
        }
    )
    picture = search_space_svg("a<b>&c", preview(job(spec)))
    root = ElementTree.fromstring(picture)
    assert root.tag.endswith("svg")
    assert "<script" not in picture


@pytest.mark.parametrize(("high", "lines"), [("2", 0), ("3", 1)])
def test_a_range_of_a_single_value_has_no_axis(high: str, lines: int) -> None:
    """A value between two equal bounds has no position to calculate."""
    range_ = a_range("Continuous", "2", high, "Linear")
    base = job("{}")
    drawn = replace(base, definitions=(replace(base.definitions[0], ranges=(range_,)),))
    assert search_space_svg("x", preview(drawn)).count('<line class="line"') == lines


def test_png_is_twice_as_large(tmp_path: Path) -> None:
    result = preview(job(SCALES))
    draw_search_space(tmp_path / "space.svg", "churn", result)
    draw_search_space(tmp_path / "space.PNG", "churn", result)
    drawing = (tmp_path / "space.svg").read_text("utf-8")
    assert drawing == search_space_svg("churn", result)
    size = ElementTree.fromstring(drawing)
    pixels = (tmp_path / "space.PNG").read_bytes()
    assert pixels.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", pixels[16:24]) == (
        2 * int(size.attrib["width"]),
        2 * int(size.attrib["height"]),
    )


def test_png_has_letters_without_any_font_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resvg_py

    render = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", partial(render, skip_system_fonts=True))
    draw_search_space(tmp_path / "space.png", "churn", preview(job(SCALES)))
    rows = green_rows((tmp_path / "space.png").read_bytes(), count=60)
    # The title is at (20, 28) in 13-pixel letters, and the image is twice as large.
    title = [row[40:600] for row in rows[36:]]
    dark = sum(value < 100 for row in title for value in row)
    assert 300 < dark < len(title) * 560 / 3


def test_fonts_are_named_in_one_place() -> None:
    named = [
        path.name
        for path in (ROOT / "hptc").rglob("*")
        if path.suffix in (".py", ".jinja") and "sans-serif" in path.read_text("utf-8")
    ]
    assert named == ["drawing_style.py"]


def test_png_without_its_renderer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UsageError, match="resvg-py, which is not installed") as refused:
        draw_search_space(tmp_path / "space.png", "churn", preview(job("{}")))
    assert "hptc[plot]" in (refused.value.help or "")


def test_unsupported_image_format(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unsupported image format"):
        draw_search_space(tmp_path / "space.gif", "churn", preview(job("{}")))
    assert list(tmp_path.iterdir()) == []


def test_grid_that_is_too_large_has_a_preview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    choices = (f"{{type: Categorical, values: {list(range(count))}}}" for count in (20, 20, 10, 10))
    grid = ", ".join(f"{name}: {choice}" for name, choice in zip("abcd", choices, strict=True))
    Path("grid.yaml").write_text(
        f"""\
name: grid
strategy: Grid
limits: {{max_parallel_training_jobs: 4}}
training_job:
  objective: {{metric_name: acc, type: Maximize}}
  hyperparameters: {{{grid}}}
  algorithm:
    training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/x:1
    metric_definitions: {{acc: "acc=([0-9.]+)"}}
  role_arn: arn:aws:iam::111122223333:role/tuning
  inputs: {{train: {{s3: "s3://bucket/train/"}}}}
  output: {{s3_output_path: "s3://bucket/out/"}}
  resources: {{instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}}
  stopping: {{max_runtime: 1h}}
""",
        "utf-8",
    )
    assert hptc(["preview", "grid.yaml"]) == 1
    seen = capsys.readouterr()
    assert "error[HPT235]" in seen.err
    assert "40,000 points, each once" in seen.out
    assert "from a=0  b=0  c=0  d=0" in seen.out
    assert "to   a=19  b=19  c=9  d=9" in seen.out
    assert "warning       the grid has 40,000 points, but the maximum is 750" in seen.out
    Path("grid.yaml").write_text("name: grid\n", "utf-8")
    assert hptc(["preview", "grid.yaml"]) == 1
    assert capsys.readouterr().out == ""
