"""Parts of single architectures that lack one property each: lattices, networks on
them, attention, neighbourhoods, fixed inputs, drift."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import test_backbones as laws
import torch
from breaking import Break, Method
from broken_backbones import Law

from apnp.approx import ApproximatelyEquivariant
from apnp.backbones import RelaxedConvCNP, cnp, pt_tnp, rcnp
from apnp.groups import Translations
from apnp.model import NeuralProcess
from apnp.nn import neighbours
from apnp.nn.attention import HeadMixingAttention, PlainAttention, WindowAttention
from apnp.nn.cnn import CNN
from apnp.nn.drift import LinearDrift
from apnp.nn.lattice import PlaneLattice, SphereLattice
from apnp.nn.pair_attention import PairAttention
from apnp.nn.steerable import ReflectionCNN, SteerableCNN
from apnp.nn.unet import UNet


@dataclass(frozen=True)
class Case:
    """A part that is broken, the law that must notice, and the member that has it.

    Attributes:
        law: The law.
        member: Name of a member of the table.
        part: The class of the part, or the module that calls the function.
        method: Name of its method or of the function.
        broken: Makes the broken method of the sound one.
        arguments: Further arguments of the law.
    """

    law: Law
    member: str
    part: Any
    method: str
    broken: Method
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> str:
        """What is broken, in words."""
        part = self.part.__name__.rpartition(".")[2]
        return f"{part}.{self.method} of {self.member}"

    def breaking(self) -> Break:
        """How it is broken."""
        return Break(self.method, self.broken, self.part, self.arguments)


def fixed(sound: Method) -> Method:
    """Lies where it lies, wherever the centre of the domain, the last argument, is."""
    return lambda self, *args: sound(self, *args[:-1], torch.zeros_like(args[-1]))


def fixed_scatter(scatter_grid: Method) -> Method:
    def scatter(self, values, axes, centre, width):
        return scatter_grid(self, values, axes, torch.zeros_like(centre), width)

    return scatter


def with_longitude(features: Method) -> Method:
    """Tells of a node how far east it lies."""
    return lambda self, centre: self.sites(centre)[..., 0][:, None]


def across_rows(forward: Method) -> Method:
    """Mixes the tasks of a batch."""

    def mixed(self, *args):
        found = forward(self, *args)
        return found + 0.1 * found.mean(0, keepdim=True)

    return mixed


def one_sided(forward: Method) -> Method:
    """Looks at the node on one side."""
    return lambda self, z: forward(self, z) + 0.1 * z.roll(1, dims=-1)


def all_seen(forward: Method) -> Method:
    """Reads tokens that are none."""

    def read(self, h, tokens, pairs):
        pairs = replace(pairs, mask=torch.ones_like(pairs.mask))
        return forward(self, h, tokens, pairs)

    return read


def all_near(nearest: Method) -> Method:
    """Takes unobserved points for neighbours."""
    return lambda x, other, mask, k: nearest(x, other, mask | True, k)


def all_counted(masked_mean: Method) -> Method:
    """The mean over members that are none, too."""
    return lambda values, mask: masked_mean(values, mask | True)


def first_points(farthest_points: Method) -> Method:
    """The first points of all, in whatever order they come."""

    def first(x, values, mask, count):
        m = min(count, x.shape[1])
        return torch.arange(m).expand(len(x), m), mask[:, :m]

    return first


def all_weighed(fit: Method) -> Method:
    """A drift that is fit to unobserved values, too."""
    return lambda self, x, f, y, mask: fit(self, x, f, y.nan_to_num(), mask | True)


def absolute_offsets(offsets: Method) -> Method:
    """The location of the other instead of the way to it."""
    return lambda self, x, other: 0 * x + other


def unchanged(strict: Method) -> Method:
    """Keeps the fixed inputs."""
    return lambda self: self


MOVE = laws.test_1_data_and_fixed_inputs_move_together
DELETE = laws.test_5_unobserved_points_may_be_deleted
ROWS = laws.test_6_rows_of_a_batch_are_independent
SWITCH = laws.test_0_fixed_inputs_are_alive
JUNK = {"junk": 0.0}

SETS = ", auxiliary sets"
CASES = [
    Case(MOVE, "ConvCNP, plane", PlaneLattice, "squared", fixed),
    Case(MOVE, "ConvCNP, plane", PlaneLattice, "interpolate", fixed),
    Case(MOVE, "ConvCNP, plane, approximate", PlaneLattice, "sites", fixed),
    Case(MOVE, f"ConvCNP, plane{SETS}", PlaneLattice, "scatter_grid", fixed_scatter),
    Case(MOVE, "ConvCNP, sphere", SphereLattice, "squared", fixed),
    Case(MOVE, "ConvCNP, sphere", SphereLattice, "interpolate", fixed),
    Case(MOVE, "ConvCNP, sphere", SphereLattice, "features", with_longitude),
    Case(MOVE, "ConvCNP, sphere, approximate", SphereLattice, "sites", fixed),
    Case(MOVE, f"ConvCNP, sphere{SETS}", SphereLattice, "scatter_grid", fixed_scatter),
    Case(MOVE, "EquivCNP, D_4", SteerableCNN, "forward", one_sided),
    Case(MOVE, "EquivCNP, line", ReflectionCNN, "forward", one_sided),
    Case(ROWS, "ConvCNP, plane", UNet, "forward", across_rows),
    Case(ROWS, "ConvCNP with a CNN, plane", CNN, "forward", across_rows),
    Case(ROWS, "LocalTNP, plane", PairAttention, "_after", across_rows),
    Case(DELETE, "TNP, plain", PlainAttention, "forward", all_seen, JUNK),
    Case(DELETE, "TNP, plane", WindowAttention, "forward", all_seen, JUNK),
    Case(
        DELETE, "TNP, plane, published", HeadMixingAttention, "forward", all_seen, JUNK
    ),
    Case(DELETE, "LocalTNP, plane", neighbours, "nearest", all_near, JUNK),
    Case(DELETE, "CNP", cnp, "masked_mean", all_counted, JUNK),
    Case(DELETE, "RCNP, plane", rcnp, "masked_mean", all_counted, JUNK),
    Case(DELETE, "RCNP, plane, full", rcnp, "masked_mean", all_counted, JUNK),
    Case(
        laws.test_3_context_order_is_irrelevant, "PTTNP, plane", pt_tnp,
        "farthest_points", first_points,
    ),
    *(
        Case(MOVE, f"{name}, plane", Translations, "pair_invariants", absolute_offsets)
        for name in ("TNP", "PTTNP", "RCNP", "LocalTNP")
    ),
    Case(
        SWITCH, "TNP, plane, approximate", ApproximatelyEquivariant, "strict", unchanged
    ),
    Case(
        SWITCH, "RelaxedConvCNP, plane, approximate", RelaxedConvCNP, "strict",
        unchanged,
    ),
    Case(
        SWITCH, "NeuralProcess, plane, approximate", NeuralProcess, "strict", unchanged
    ),
    Case(
        laws.test_4_unobserved_values_have_no_influence, "NeuralProcess, line",
        LinearDrift, "fit", all_weighed, {"junk": 1e6},
    ),
]  # fmt: skip
"""Breaks of what single architectures are made of."""
