"""How a property is broken on purpose, and how its law has to notice it."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from torch.autograd.gradcheck import GradcheckError

Method = Callable[..., Any]


@dataclass(frozen=True)
class Break:
    """A method of a class, replaced by one that lacks a single property.

    Attributes:
        method: Name of the method.
        broken: Makes the broken method of the sound one.
        owner: The class or module; None for the class of the member under the law.
        arguments: Further arguments of the law, such as its junk values.
        applies: Whether the break breaks anything of this member.
    """

    method: str
    broken: Callable[[Method], Method]
    owner: Any = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    applies: Callable[[Any], bool] = lambda member: True

    def apply(self, monkeypatch: pytest.MonkeyPatch, tested: type) -> None:
        """Break the class until the monkey patch is undone."""
        owner = self.owner or tested
        sound = getattr(owner, self.method)
        monkeypatch.setattr(owner, self.method, self.broken(sound))


def check_noticed(law: Callable[..., None], what: str, **arguments: Any) -> None:
    """Fail unless the law fails by an assertion of its own.

    An exception that the package raises is a crash: it says nothing about the law.
    """
    try:
        law(**arguments)
    except (AssertionError, pytest.fail.Exception, GradcheckError) as failure:
        frames = traceback.walk_tb(failure.__traceback__)
        modules = {frame.f_globals["__name__"].split(".")[0] for frame, _ in frames}
        assert "apnp" not in modules, f"{what} crashed {law.__name__}"
    else:
        pytest.fail(f"{law.__name__} did not notice {what}")


def laws_of(module: Any) -> dict[str, Callable[..., None]]:
    """Every law of a module, by name."""
    return {n: f for n, f in vars(module).items() if n.startswith("test_")}
