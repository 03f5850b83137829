"""What laws are given: the members of the table, one by one."""

from collections.abc import Callable

import pytest
from member import Member, concrete
from table import MEMBERS, ROWS


@pytest.fixture(params=ROWS["member"], ids=lambda m: m.name)
def member(request) -> Member:
    return request.param


@pytest.fixture(params=ROWS["loosened"], ids=lambda m: m.name)
def loosened(request) -> Member:
    return request.param


@pytest.fixture(params=ROWS["with_auxiliary"], ids=lambda m: m.name)
def with_auxiliary(request) -> Member:
    return request.param


@pytest.fixture(params=ROWS["spherical"], ids=lambda m: m.name)
def spherical(request) -> Member:
    return request.param


@pytest.fixture
def members() -> list[Member]:
    return MEMBERS


@pytest.fixture
def classes() -> Callable[..., set[type]]:
    return concrete
