"""A sandbox for the session, and a new account for each test."""

from __future__ import annotations

import itertools

import pytest

from hptc.sandbox.server import Sandbox
from tests.support.sandbox import Account, Stack, open_sandbox

_accounts = itertools.count(200000000001)

sandbox = pytest.fixture(scope="session", name="sandbox")(open_sandbox)


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    """A new account for each test, so that tests don't see each other's resources."""
    return Account(id=str(next(_accounts)), endpoint_url=sandbox.endpoint_url)


@pytest.fixture
def stack(account: Account) -> Stack:
    return Stack(client=account.client("cloudformation"), name="stack")
