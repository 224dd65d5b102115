"""The dashboard answers the browser of this machine, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from hptc.results.optuna_studies import studies
from hptc.results.study_dashboard import StudyDashboard
from tests.support.optuna_results import results_of


@pytest.fixture(scope="module", name="dashboard")
def open_dashboard() -> Iterator[StudyDashboard]:
    with StudyDashboard(studies(results_of(jobs=5))) as dashboard:
        yield dashboard


def answer(
    dashboard: StudyDashboard, path: str, method: str = "GET", host: str = ""
) -> tuple[int, bytes]:
    address = urlsplit(dashboard.url)
    connection = HTTPConnection("127.0.0.1", address.port or 0, timeout=20)
    connection.request(method, path, headers={"Host": host} if host else {})
    response = connection.getresponse()
    status_and_body = response.status, response.read()
    connection.close()
    return status_and_body


def test_it_shows_the_studies(dashboard: StudyDashboard) -> None:
    status, page = answer(dashboard, "/dashboard")
    assert (status, b"<html" in page) == (200, True)
    _, body = answer(dashboard, "/api/studies")
    (study,) = json.loads(body)["study_summaries"]
    assert study["study_name"].startswith("churn-")
    _, body = answer(dashboard, f"/api/studies/{study['study_id']}?after=0")
    assert len(json.loads(body)["trials"]) == 5


def test_newer_results_replace_the_old_ones(dashboard: StudyDashboard) -> None:
    dashboard.show(studies(results_of(jobs=7)))
    _, body = answer(dashboard, "/api/studies/0?after=4")
    assert [trial["number"] for trial in json.loads(body)["trials"]] == [4, 5, 6]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1"])
def test_a_foreign_host_is_refused(dashboard: StudyDashboard, host: str) -> None:
    status, body = answer(dashboard, "/api/studies", host=host)
    assert (status, body.startswith(b"hptc: refused: the Host is not ")) == (403, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/api/studies/0"), ("POST", "/api/studies"), ("PUT", "/api/studies/0/note")],
)
def test_nothing_can_be_changed(dashboard: StudyDashboard, method: str, path: str) -> None:
    assert answer(dashboard, path, method) == (405, b"hptc: refused: the dashboard is read-only\n")


def test_the_port_is_closed_at_the_end() -> None:
    with StudyDashboard(studies(results_of(jobs=1))) as dashboard:
        assert answer(dashboard, "/dashboard")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        answer(dashboard, "/dashboard")
