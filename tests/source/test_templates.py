"""Expressions have their values; what else Jinja and Python know is refused, and nothing hangs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptc.source.scalars import Scalar
from hptc.source.templates import MAX_RESULT, MAX_TEMPLATE, escape, render

VARIABLES: dict[str, Any] = {
    "env": "dev",
    "trials": 8,
    "rate": Scalar("1e-3", 1e-3),
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
    "{{ rate }}": Scalar("1e-3", 1e-3),
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
    "a {b} } { c {{ env }}": "a {b} } { c dev",
}


@pytest.mark.parametrize(("text", "value"), VALUES.items(), ids=VALUES.keys())
def test_value(text: str, value: Any) -> None:
    found = render(text, VARIABLES)
    assert found == value
    assert type(found) is type(value)


REFUSED = {
    # Python's objects.
    "{{ ''.__class__ }}": "can't be reached",
    "{{ env.__init__ }}": "can't be reached",
    "{{ nested._private }}": "can't be reached",
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
    "{{ env.upper() }}": "a call",
    "{{ range(9) }}": "a call",
    "{{ self }}": "`self` is undefined",
    "{{ cycler }}": "`cycler` is undefined",
    "{{ loop }}": "`loop` is undefined",
    "{{ [env] }}": "expressions only",
    "{{ {'a': 1} }}": "expressions only",
    "{{ (env, 1) }}": "expressions only",
    "{{ subnets[0:1] }}": "expressions only",
    "{% for x in subnets %}{{ x }}{% endfor %}": "a loop",
    "{% if on %}x{% endif %}": "a statement",
    "{% set x = 1 %}{{ x }}": "an assignment",
    "{% include '/etc/passwd' %}": "an include",
    "{% import 'os' as os %}": "an import",
    "{% from 'os' import path %}": "an import",
    "{% macro m() %}{% endmacro %}": "a macro",
    "{% extends 'x' %}": "an extends",
    "{% block b %}{% endblock %}": "a block",
    "{{ super() }}": "a call",
    # What would not end.
    "{{ 2 ** 9999999 }}": "`**`",
    "{{ 'x' * 10000000 }}": "is for numbers",
    "{{ subnets * 10000000 }}": "is for numbers",
    "{{ '%99999999s' % 1 }}": "is for numbers",
    "{{ subnets + subnets }}": "is for numbers",
    "{{ env | replace('', 'x') }}": "needs something to replace",
    "{{ 1e999 }}": "beyond 1e+300",
    "{{ 1e299 * 100 }}": "beyond 1e+300",
    "{{ " + "9" * 400 + " }}": "beyond 1e+300",
    "{{ " + "9" * 400 + " }} in text": "beyond 1e+300",
    "{{ 'nan' | float }}": "not a number",
    "{{ 1 // 0 }}": "division",
    "{{ 1 % 0 }}": "can't be evaluated",
    "{{ " + "(" * 400 + "1" + ")" * 400 + " }}": "can't be evaluated",
    # Undefined names.
    "{{ unknown }}": "`unknown` is undefined",
    "a {{ unknown }}": "`unknown` is undefined",
    "{{ unknown | upper }}": "`unknown` is undefined",
    "{{ env ~ unknown }}": "`unknown` is undefined",
    "{{ nested.missing }}": "has no value",
    "{{ subnets[7] }}": "has no value",
    "{{ unknown.a | default(unknown2) }}": "is undefined",
    # Not a template.
    "{{ }}": "not a template",
    "{{ env": "not a template",
    "{{ env }": "not a template",
    "{{ 1 +": "not a template",
    "{{ env | }}": "not a template",
    "{{ a b }}": "not a template",
    "{% x %}": "not a template",
    "{{ 'a }}": "not a template",
    # A list or mapping is a value, not a piece of text.
    "x{{ subnets }}": "puts a list into text",
    "x{{ nested }}": "puts a dict into text",
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=[text[:60] for text in REFUSED])
def test_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as refusal:
        render(text, VARIABLES)
    assert "jinja" not in str(refusal.value).lower()
    assert "Error" not in str(refusal.value)


NEAREST = {"artifct_bucket": "artifact_bucket", "Env": "env", "trails": "trials"}


@pytest.mark.parametrize(("written", "meant"), NEAREST.items(), ids=NEAREST.keys())
@pytest.mark.parametrize("template", ["{{{{ {} }}}}", "{{{{ {} | upper }}}}"])
def test_an_undefined_name_is_answered_with_the_nearest(
    written: str, meant: str, template: str
) -> None:
    with pytest.raises(ValueError, match="is undefined") as refusal:
        render(template.format(written), {**VARIABLES, "artifact_bucket": "b"})
    message, _, advice = str(refusal.value).partition("\n")
    assert message == f"`{written}` is undefined"
    assert advice.startswith(f"did you mean `{meant}`?")


def test_without_a_project_nothing_is_defined() -> None:
    with pytest.raises(ValueError, match=r"there is no hptc\.yaml with an environment"):
        render("{{ env }}", {})


def test_a_template_has_a_bound_and_no_less() -> None:
    head = "{{ env }}"
    assert len(render(head + "x" * (MAX_TEMPLATE - len(head)), VARIABLES)) == MAX_TEMPLATE - 6
    with pytest.raises(ValueError, match=f"{MAX_TEMPLATE} is the most"):
        render(head + "x" * (MAX_TEMPLATE - len(head) + 1), VARIABLES)


@pytest.mark.parametrize(
    "text", ["{{ long }}" * 20, "{{ long ~ long ~ long ~ long ~ long ~ long }}",
             "{{ long | replace('x', long) }}", "y{{ long ~ '' }}" * 20],
    ids=["names", "joined", "replaced", "jinja"],
)  # fmt: skip
def test_a_result_has_a_bound(text: str) -> None:
    with pytest.raises(ValueError, match=f"{MAX_RESULT}"):
        render(text, {"long": "x" * 16_000})


@given(st.text(st.sampled_from("{}%# \r\n'\"\\axé-")) | st.text())
def test_an_escaped_text_renders_to_itself(text: str) -> None:
    escaped = escape(text)
    is_template = any(mark in escaped for mark in ("{{", "{%", "{#"))
    assert (render(escaped, {}) if is_template else escaped) == text
