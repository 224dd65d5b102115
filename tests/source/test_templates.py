"""Expressions have values; everything else of Jinja and Python is refused, and nothing hangs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.source.scalars import Scalar
from hptc.source.templates import TemplateError, escape, render

MAX_RESULT = 65_536
MAX_TEMPLATE = 16_384

VARIABLES: dict[str, Any] = {
    "env": "dev",
    "trials": 8,
    "rate": Scalar(text="1e-3", value=1e-3),
    "on": True,
    "nothing": None,
    "subnets": ["subnet-a", "subnet-b"],
    "nested": {"key": {"deep": 1}, "items": "mine"},
    "reference": "${hptc:artifact_bucket}",
}

VALUES: dict[str, Any] = {
    "{{ env }}": "dev",
    "{{env}}": "dev",
    "{{ trials }}": 8,
    "{{ rate }}": Scalar(text="1e-3", value=1e-3),
    "{{ on }}": True,
    "{{ nothing }}": None,
    "{{ subnets }}": ["subnet-a", "subnet-b"],
    "a-{{ env }}-{{ trials }}": "a-dev-8",
    "{{ env }}{{ env }}": "devdev",
    "{{ rate }}!": "1e-3!",
    "{{ on }}!": "true!",
    "{{ nothing }}!": "!",
    "s3://{{ reference }}/x": "s3://${hptc:artifact_bucket}/x",
    "{{ trials * 2 }}": 16,
    "{{ trials // 3 + 1 }}": 3,
    "{{ trials / 2 }}": 4.0,
    "{{ -trials % 3 }}": 1,
    "{{ trials - 1 }} jobs": "7 jobs",
    "{{ rate * 10 }}": 0.01,
    "{{ env ~ '-' ~ trials }}": "dev-8",
    "{{ env + 'x' }}": "devx",
    "{{ 'a' if env == 'dev' else 'b' }}": "a",
    "{{ 'a' if trials > 8 or not on else 'b' }}": "b",
    "{{ env in ('dev') }}": True,
    "{{ subnets[1] }}": "subnet-b",
    "{{ nested.key.deep }}": 1,
    "{{ nested['key'] }}": {"deep": 1},
    "{{ nested.items }}": "mine",
    "{{ env | upper }}": "DEV",
    "{{ ' x ' | trim | upper | lower }}": "x",
    "{{ env | replace('d', 'n') }}": "nev",
    "{{ trials | string }}": "8",
    "{{ '7' | int }}": 7,
    "{{ '7.5' | float }}": 7.5,
    "{{ unknown | default('x') }}": "x",
    "{{ 'x' if unknown is defined else 'y' }}": "y",
    "{{ unknown is undefined }}": True,
    "{{ nothing is none }}": True,
    "{{ '{{' }}": "{{",
    "{{ 1e200 }}": 1e200,
    "{{ " + " + ".join("1" * 60) + " }}": 60,
    "a {b} } { c {{ env }}": "a {b} } { c dev",
}


def test_a_value_may_be_null() -> None:
    assert render("{{ absent | default(none) }}", VARIABLES) is None


@pytest.mark.parametrize(("text", "value"), VALUES.items(), ids=VALUES.keys())
def test_value(text: str, value: Any) -> None:
    rendered = render(text, VARIABLES)
    assert rendered == value
    assert type(rendered) is type(value)


REFUSED = {
    # Python's objects.
    "{{ ''.__class__ }}": "can't access",
    "{{ env.__init__ }}": "can't access",
    "{{ nested._private }}": "can't access",
    "{{ ''['__class__'] }}": "has no value",
    "{{ env.upper }}": "has no value",
    "{{ subnets.append }}": "has no value",
    "{{ nested.keys }}": "has no value",
    "{{ env | attr('upper') }}": "no filter `attr`",
    "{{ subnets | map('upper') }}": "no filter `map`",
    "{{ env | tojson }}": "no filter `tojson`",
    "{{ env is callable }}": "no test `callable`",
    "{{ env is filter }}": "no test `filter`",
    # Calls, statements, other literals.
    "{{ env.upper() }}": "`upper()` is a function call",
    "{{ range(9) }}": "`range()` is a function call",
    "{{ self }}": "`self` is undefined",
    "{{ cycler }}": "`cycler` is undefined",
    "{{ loop }}": "`loop` is undefined",
    "{{ [env] }}": "can only contain expressions, not a list",
    "{{ {'a': 1} }}": "can only contain expressions, not a mapping",
    "{{ (env, 1) }}": "can only contain expressions, not a tuple",
    "{{ subnets[0:1] }}": "can only contain expressions, not a slice",
    "{% for x in subnets %}{{ x }}{% endfor %}": "a loop",
    "{% if on %}x{% endif %}": "a statement",
    "{% set x = 1 %}{{ x }}": "an assignment",
    "{% include '/etc/passwd' %}": "an include",
    "{% import 'os' as os %}": "an import",
    "{% from 'os' import path %}": "an import",
    "{% macro m() %}{% endmacro %}": "a macro",
    "{% extends 'x' %}": "an extends",
    "{% block b %}{% endblock %}": "a block",
    "{{ super() }}": "`super()` is a function call",
    "{{ unknown(env) }}": "`unknown()` is a function call",
    "{{ unknown.at(env) | upper }}": "`at()` is a function call",
    "{{ subnets[0]() }}": "templates have no functions",
    # Invalid characters.
    r"{{ '\ud800' }}": "half of a surrogate pair",
    r"x {{ '\udc00' }}": "half of a surrogate pair",
    r"{{ '\ud83d' ~ '\ude00' }}": "half of a surrogate pair",
    # Unbounded work.
    "{{ 2 ** 9999999 }}": "`**`",
    "{{ 'x' * 10000000 }}": "works on numbers only",
    "{{ subnets * 10000000 }}": "works on numbers only",
    "{{ '%99999999s' % 1 }}": "works on numbers only",
    "{{ subnets + subnets }}": "works on numbers only",
    "{{ 'x' + 1 }}": "works on numbers only",
    "{{ 1 + 'x' }}": "works on numbers only",
    "{{ 'x' - 'y' }}": "works on numbers only",
    "{{ env | replace('', 'x') }}": "needs a non-empty text",
    "{{ 1e999 }}": "must be smaller than 1e+300",
    "{{ 1e299 * 100 }}": "must be smaller than 1e+300",
    "{{ " + "9" * 400 + " }}": "must be smaller than 1e+300",
    "{{ " + "9" * 400 + " }} in text": "must be smaller than 1e+300",
    "{{ " + "9" * 5000 + " }}": "can't be evaluated",
    "{{ 1 - " + "9" * 5000 + " }} in text": "can't be evaluated",
    "{{ 'nan' | float }}": "not a number",
    "{{ 1 // 0 }}": "division",
    "{{ 1 % 0 }}": "can't be evaluated",
    "{{ " + " + ".join("1" * 70) + " }}": "more than 64 nested operations",
    "x {{ " + "-" * 70 + "1 }}": "more than 64 nested operations",
    "{{ " + "(" * 400 + "1" + ")" * 400 + " }}": "can't be evaluated",
    # Undefined names.
    "{{ unknown }}": "`unknown` is undefined",
    "a {{ unknown }}": "`unknown` is undefined",
    "{{ unknown | upper }}": "`unknown` is undefined",
    "{{ env ~ unknown }}": "`unknown` is undefined",
    "{{ nested.missing }}": "has no value",
    "{{ subnets[7] }}": "has no value",
    "{{ unknown.a | default(unknown2) }}": "is undefined",
    # Invalid templates.
    "{{ }}": "is not a valid template",
    "{{ env": "is not a valid template",
    "{{ env }": "is not a valid template",
    "{{ 1 +": "is not a valid template",
    "{{ env | }}": "is not a valid template",
    "{{ a b }}": "is not a valid template",
    "{% x %}": "is not a valid template",
    "{{ 'a }}": "is not a valid template",
    # Lists and mappings in text.
    "x{{ subnets }}": "inserts a list into text",
    "x{{ nested }}": "inserts a mapping into text",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items(), ids=[text[:60] for text in REFUSED])
def test_rejected(text: str, message: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(message)) as refusal:
        render(text, VARIABLES)
    assert "jinja" not in str(refusal.value).lower()
    assert "Error" not in str(refusal.value)


NEAREST = {"artifct_bucket": "artifact_bucket", "Env": "env", "trails": "trials"}


@pytest.mark.parametrize(("written", "meant"), NEAREST.items(), ids=NEAREST.keys())
@pytest.mark.parametrize("template", ["{{{{ {} }}}}", "{{{{ {} | upper }}}}"])
def test_the_nearest_name_is_suggested_for_an_undefined_one(
    written: str, meant: str, template: str
) -> None:
    with pytest.raises(TemplateError) as refusal:
        render(template.format(written), {**VARIABLES, "artifact_bucket": "b"})
    assert refusal.value.message == f"`{written}` is undefined"
    assert refusal.value.help.startswith(f"did you mean `{meant}`?")


def test_without_a_project_nothing_is_defined() -> None:
    with pytest.raises(TemplateError, match=r"no hptc\.yaml with an environment was found"):
        render("{{ env }}", {})


CODES = {
    "{{ unknown }}": "HPT006",
    "{{ unknown | upper }}": "HPT006",
    "{{ nested.missing }}": "HPT006",
    "x {{ nested.missing }}": "HPT006",
    "{{ subnets[7] }}": "HPT006",
    "{{ env | undefined }}": "HPT007",
    "{{ env is undefined_test }}": "HPT007",
    "{{ undefined( }}": "HPT007",
    "{{ undefined() }}": "HPT007",
    "{{ 'undefined' * 2 }}": "HPT007",
}


@pytest.mark.parametrize(("text", "code"), CODES.items(), ids=CODES.keys())
def test_the_code_is_not_read_from_the_message(text: str, code: str) -> None:
    with pytest.raises(TemplateError) as refusal:
        render(text, VARIABLES)
    assert refusal.value.code == code


HELP = {
    "{{ env | uper }}": ("did you mean `upper`?", "available filters: default, float, int, lower"),
    "{{ env is nonee }}": ("did you mean `none`?", "available tests: defined, undefined, none"),
    "{{ upper(env) }}": ("write `| upper`", "available filters: default, float, int, lower"),
    "{{ now() }}": ("available filters: default", "available tests: defined, undefined, none"),
}


@pytest.mark.parametrize(("text", "parts"), HELP.items(), ids=HELP.keys())
def test_help_lists_what_exists(text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(TemplateError) as refusal:
        render(text, VARIABLES)
    for part in parts:
        assert part in refusal.value.help


def test_the_maximum_size_is_accepted() -> None:
    head = "{{ env }}"
    assert len(render(head + "x" * (MAX_TEMPLATE - len(head)), VARIABLES)) == MAX_TEMPLATE - 6
    with pytest.raises(TemplateError, match="at most 16,384 are allowed"):
        render(head + "x" * (MAX_TEMPLATE - len(head) + 1), VARIABLES)


@pytest.mark.parametrize(
    "text", ["{{ long }}{{ end }}", "{{ long ~ end }}"], ids=["names", "jinja"]
)
def test_a_result_of_the_maximum_size_is_accepted(text: str) -> None:
    long = "x" * 65_535
    assert render(text, {"long": long, "end": "y"}) == f"{long}y"
    with pytest.raises(TemplateError, match="has 65,537 characters, but at most 65,536"):
        render(text, {"long": long, "end": "yy"})


def test_replace_may_make_a_result_of_the_maximum_size() -> None:
    text = "{{ long | replace('y', new) }}"
    long = "x" * 65_000 + "y"
    assert len(render(text, {"long": long, "new": "z" * 535})) == 65_535
    with pytest.raises(TemplateError, match="`replace` has more than 65,536 characters"):
        render(text, {"long": long, "new": "z" * 536})


@pytest.mark.parametrize(
    "text", ["{{ long }}" * 20, "{{ long ~ long ~ long ~ long ~ long ~ long }}",
             "{{ long | replace('x', long) }}", "y{{ long ~ '' }}" * 20],
    ids=["names", "joined", "replaced", "jinja"],
)  # fmt: skip
def test_the_size_of_a_result_is_limited(text: str) -> None:
    with pytest.raises(TemplateError, match=f"{MAX_RESULT:,}"):
        render(text, {"long": "x" * 16_000})


@given(st.text(st.sampled_from("{}%# \r\n'\"\\axé-")) | st.text())
def test_an_escaped_text_renders_to_itself(text: str) -> None:
    escaped = escape(text)
    is_template = any(mark in escaped for mark in ("{{", "{%", "{#"))
    assert (render(escaped, {}) if is_template else escaped) == text


@pytest.mark.parametrize(("count", "is_listed"), [(200, True), (201, False)])
def test_up_to_200_variables_are_listed(count: int, is_listed: bool) -> None:
    with pytest.raises(TemplateError) as raised:
        render("{{ team }}", {f"name_{number}": 1 for number in range(count)})
    assert ("defined here: name_0, " in raised.value.help) is is_listed
