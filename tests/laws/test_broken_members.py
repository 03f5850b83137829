"""Every law fails when it is broken: for every family, and for every part of one.

A law, a family or a part that no break belongs to fails the suite.
"""

import inspect
import runpy
from dataclasses import replace
from functools import cache

import broken_auxiliary_sets
import broken_backbones
import broken_frames
import broken_groups
import broken_learned_frames
import broken_likelihoods
import broken_linear_frames
import broken_maps
import broken_parts
import broken_scores
import pytest
import test_auxiliary_sets
import test_backbones
import test_frames
import test_groups
import test_learned_frames
import test_likelihoods
import test_linear_frames
import test_scores
from breaking import Break, check_noticed, laws_of
from member import Member, concrete
from table import MEMBERS, ROWS

from apnp.backbones import Backbone
from apnp.model import NeuralProcess
from apnp.nn.attention import Attention
from apnp.nn.lattice import Lattice

OF_MEMBERS = broken_backbones.BREAKS | broken_auxiliary_sets.BREAKS
OF_ONE = (
    broken_groups.OF_ONE
    | broken_likelihoods.OF_ONE
    | broken_scores.BREAKS
    | broken_frames.BREAKS
    | broken_learned_frames.BREAKS
    | broken_linear_frames.BREAKS
)
OF_PREDICTIONS = broken_likelihoods.OF_DISTRIBUTIONS | broken_likelihoods.OF_LIKELIHOODS


def identical(member: Member) -> Member:
    """The member, tested under the identity alone."""
    return replace(member, exact=lambda group, _, like: group.identity(like))


OF_TABLES = {
    test_backbones.test_every_backbone_and_every_lattice_is_in_the_table: {
        "members": MEMBERS[:1],
        "classes": concrete,
    },
    test_backbones.test_exact_subgroup_is_more_than_the_identity: {
        "member": identical(MEMBERS[0])
    },
    test_backbones.test_elements_hold_a_mirror_image_where_there_are_any: {
        "members": [identical(m) for m in MEMBERS]
    },
    test_groups.test_every_group_is_in_the_table: {"classes": lambda *_: {int}},
    test_likelihoods.test_every_likelihood_and_every_predictive_is_in_the_table: {
        "classes": lambda *_: {int}
    },
}
"""Tables that lack something, for the laws of tables."""


@cache
def families(argument: str) -> dict[type, Member]:
    """Of the members that a law tests the first of each class."""
    kinds = {(m.name.split(",")[0], m.approximate): m for m in ROWS[argument][::-1]}
    return {type(m.make()): m for m in list(kinds.values())[::-1]}


def check_breaks(law, breaks: list[Break], tested: type, name: str, **given) -> None:
    assert breaks, f"{law.__name__} has no break of {name}"
    for i, each in enumerate(breaks):
        with pytest.MonkeyPatch.context() as monkeypatch:
            each.apply(monkeypatch, tested)
            what = f"break {i} of {name}"
            made = {k: make() for k, make in given.items()}
            check_noticed(law, what, **made, **each.arguments)


def named(law) -> str:
    return law.__name__.removeprefix("test_")


@pytest.mark.parametrize(
    "module",
    [
        test_auxiliary_sets,
        test_backbones,
        test_frames,
        test_groups,
        test_learned_frames,
        test_likelihoods,
        test_linear_frames,
        test_scores,
    ],
)
def test_every_law_is_broken(module):
    broken = OF_MEMBERS | OF_ONE | OF_PREDICTIONS | OF_TABLES | broken_groups.BREAKS
    unbroken = set(laws_of(module)) - {law.__name__ for law in broken}
    assert not unbroken, f"no break of {unbroken}"


def test_every_backbone_lattice_and_attention_is_broken():
    packages = "apnp.backbones", "apnp.approx", "apnp.framing"
    backbones = concrete(Backbone, *packages) | {NeuralProcess}
    assert backbones == set(families("member"))
    parts = {case.part for case in broken_parts.CASES}
    for base in (Lattice, Attention):
        exist = concrete(base, "apnp.nn")
        assert exist <= parts, f"no break of {exist - parts}"


@pytest.mark.parametrize("law", OF_MEMBERS, ids=named)
def test_broken_backbones_are_noticed(law):
    argument = next(n for n in inspect.signature(law).parameters if n in ROWS)
    for family, member in families(argument).items():
        breaks = [b for b in OF_MEMBERS[law] if b.applies(member)]
        check_breaks(law, breaks, family, member.name, **{argument: lambda m=member: m})


@pytest.mark.parametrize("case", broken_parts.CASES, ids=lambda case: case.named)
def test_broken_parts_are_noticed(case, monkeypatch):
    argument = next(n for n in inspect.signature(case.law).parameters if n in ROWS)
    member = next(m for m in ROWS[argument] if m.name == case.member)
    case.breaking().apply(monkeypatch, case.part)
    check_noticed(case.law, case.named, **{argument: member}, **case.arguments)


@pytest.mark.parametrize("law", broken_groups.BREAKS, ids=named)
def test_broken_groups_are_noticed(law):
    for row in test_groups.GROUPS:
        breaks = [b for b in broken_groups.BREAKS[law] if b.applies(row)]
        group = type(row[0])
        check_breaks(law, breaks, group, group.__name__, row=lambda row=row: row)


@pytest.mark.parametrize("law", OF_PREDICTIONS, ids=named)
@pytest.mark.parametrize("kind", test_likelihoods.LIKELIHOODS)
def test_broken_likelihoods_are_noticed(law, kind):
    h = test_likelihoods.normal(
        test_likelihoods.B, test_likelihoods.NT, test_likelihoods.D_IN
    )
    given = {
        "likelihood": lambda: test_likelihoods.made(kind),
        "predictive": lambda: test_likelihoods.made(kind)(h),
    }
    given = {k: v for k, v in given.items() if k in inspect.signature(law).parameters}
    of_likelihood = law in broken_likelihoods.OF_LIKELIHOODS
    tested = kind if of_likelihood else type(test_likelihoods.made(kind)(h))
    check_breaks(law, OF_PREDICTIONS[law], tested, kind.__name__, **given)


@pytest.mark.parametrize("law", OF_ONE, ids=named)
def test_what_breaks_the_law_of_one_is_noticed(law, monkeypatch):
    each = OF_ONE[law]
    each.apply(monkeypatch, object)
    check_noticed(law, each.method, **each.arguments)


@pytest.mark.parametrize("case", broken_maps.CASES, ids=lambda case: case.law)
def test_broken_maps_are_noticed(case, monkeypatch, tmp_path):
    law = runpy.run_path(str(broken_maps.FOLDER / case.file))[case.law]
    given = dict(case.breaking.arguments)
    if "tmp_path" in inspect.signature(law).parameters:
        given["tmp_path"] = tmp_path
    case.breaking.apply(monkeypatch, object)
    check_noticed(law, case.breaking.method, **given)


@pytest.mark.parametrize("law", OF_TABLES, ids=named)
def test_incomplete_tables_are_noticed(law):
    check_noticed(law, "an incomplete table", **OF_TABLES[law])
