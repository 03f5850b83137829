"""Backbones that lack one property each: ways to break `encode` and `decode`.

Every break works on any architecture, so that each family is broken under each law.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import test_backbones as laws
import torch
from breaking import Break, Method
from torch import Tensor

from apnp.approx import FixedInputs
from apnp.groups import Trivial
from apnp.nn.lattice import SphereLattice
from apnp.types import Domain, PointSet

Law = Callable[..., None]


def of_context(change: Callable[[PointSet, Domain], PointSet]) -> Any:
    """Encodes another context."""

    def broken(encode: Method) -> Method:
        def encoded(self, context, domain, auxiliary=()):
            return encode(self, change(context, domain), domain, auxiliary)

        return encoded

    return broken


def of_domain(change: Callable[[Domain, PointSet], Domain]) -> Any:
    """Encodes by another domain."""

    def broken(encode: Method) -> Method:
        def encoded(self, context, domain, auxiliary=()):
            return encode(self, context, change(domain, context), auxiliary)

        return encoded

    return broken


def frozen(encode: Method) -> Method:
    """Encodes with a parameter that is not learned."""

    def encoded(self, context, domain, auxiliary=()):
        next(self.parameters()).requires_grad_(False)
        return encode(self, context, domain, auxiliary)

    return encoded


def located_if_empty(context: PointSet, domain: Domain) -> PointSet:
    """Of an empty context where on the map it is."""
    if context.n_points:
        return context
    x = domain.centre[:, None]
    y = x.sin().sum(-1, keepdim=True).expand(-1, -1, context.y.shape[-1])
    w = torch.zeros_like(y[..., :1]).expand(-1, -1, context.w.shape[-1])
    return PointSet.observed(x, y, w)


def of_targets(change: Callable[[Tensor, Tensor, Any], tuple[Tensor, Tensor]]) -> Any:
    """Decodes other locations and covariates."""

    def broken(decode: Method) -> Method:
        def decoded(self, encoding, xt, wt, *rest):
            latent = getattr(encoding, "latent", encoding)
            xt, wt = change(xt, wt, latent)
            rest = [wt > 0 if of is not None else None for of in rest]
            return decode(self, encoding, xt, wt, *rest)

        return decoded

    return broken


def of_values(**changes: Callable[[Tensor], Tensor]) -> Any:
    """Encodes a context of which some parts are changed by themselves."""
    return of_context(
        lambda context, _: replace(
            context, **{k: f(getattr(context, k)) for k, f in changes.items()}
        )
    )


def channels(change: Callable[[Tensor], Tensor]) -> Any:
    """Decodes to other channels, or to a distribution of another mean."""

    def broken(decode: Method) -> Method:
        def decoded(*args):
            found = decode(*args)
            if isinstance(found, Tensor):
                return change(found)
            return found.shifted(change(found.mean) - found.mean)

        return decoded

    return broken


def of_location(change: Callable[[Tensor, Tensor], Tensor]) -> Any:
    """Fixed inputs that are changed, given where they are read."""

    def broken(forward: Method) -> Method:
        return lambda self, x: change(forward(self, x), x)

    return broken


def noisy() -> Any:
    """Decodes to other channels every time."""
    calls = count(1)
    return channels(lambda z: z + 0.01 * next(calls))


def cut(value: Tensor, like: int) -> Tensor:
    return value[..., :like]


def narrowed(context: PointSet, dx: int, dy: int, dw: int) -> PointSet:
    """The context without what a model does not expect."""
    return PointSet(
        cut(context.x, dx), cut(context.y, dy), cut(context.w, dw),
        cut(context.y_mask, dy), cut(context.w_mask, dw),
    )  # fmt: skip


def lenient(encode: Method) -> Method:
    """Encodes what it can of a context that has too many dimensions."""

    def encoded(self, context, domain, auxiliary=()):
        of = getattr(self, "backbone", self)
        context = narrowed(context, of.group.dx, of.dy, of.dw)
        return encode(self, context, domain, auxiliary)

    return encoded


def lenient_about_domains(encode: Method) -> Method:
    def encoded(self, context, domain, auxiliary=()):
        dx = getattr(self, "backbone", self).group.dx
        cuts = {n: cut(getattr(domain, n), dx) for n in ("centre", "extent")}
        return encode(self, context, replace(domain, **cuts), auxiliary)

    return encoded


def lenient_about_targets(decode: Method) -> Method:
    def decoded(self, encoding, xt, wt, *rest):
        of = getattr(self, "backbone", self)
        dw = of.dw if rest else 2 * of.dw
        rest = [cut(r, dw) if isinstance(r, Tensor) else r for r in rest]
        return decode(self, encoding, cut(xt, of.group.dx), cut(wt, dw), *rest)

    return decoded


def everywhere_observed(context: PointSet, _: Domain) -> PointSet:
    """Zero, or the covariate's zero, where nothing was observed."""
    y = torch.where(context.y_mask, context.y, 0.0)
    w = torch.where(context.w_mask, context.w, 0.0)
    every = torch.ones_like(context.y_mask), torch.ones_like(context.w_mask)
    return PointSet(context.x.nan_to_num(), y, w, *every)


def unseen(context: PointSet, _: Domain) -> PointSet:
    """Everything observed; what is not a number is read as some number."""
    parts = {n: getattr(context, n).nan_to_num(1.0, 2.0) for n in ("y", "w")}
    masks = {n: getattr(context, n) | True for n in ("y_mask", "w_mask")}
    return replace(context, **parts, **masks)


def by_row(change: Callable[[Tensor], Tensor]) -> Any:
    """Adds to each observed value what `change` makes of all of them."""

    def changed(context: PointSet, _: Domain) -> PointSet:
        y = torch.where(context.y_mask, context.y, 0.0)
        return replace(context, y=y + change(y))

    return of_context(changed)


def positions(y: Tensor) -> Tensor:
    """A number for each place in the order of points."""
    return torch.arange(y.shape[1], dtype=y.dtype)[:, None]


def absolute(context: PointSet, _: Domain) -> PointSet:
    """Values that tell where on the map their points are."""
    return replace(context, y=context.y + context.x.sin().sum(-1, keepdim=True))


def coarse(context: PointSet, _: Domain) -> PointSet:
    """Locations relative to an origin far away."""
    return replace(context, x=context.x + 1e6 - 1e6)


def moves(member: Any) -> bool:
    return not isinstance(member.group, Trivial)


def stays(member: Any) -> bool:
    """No element but the identity: of the laws of motion is left that models repeat."""
    return not moves(member)


ALIVE = [
    Break("encode", of_values(y=torch.zeros_like)),
    Break("encode", of_values(w=torch.zeros_like)),
    Break("encode", of_context(lambda c, d: replace(c, x=d.centre[:, None] + 0 * c.x))),
    Break("decode", of_targets(lambda x, w, z: (z.domain.centre[:, None] + 0 * x, w))),
    Break("decode", of_targets(lambda x, w, z: (x, 0 * w))),
]
MOVING = [
    Break("encode", of_context(absolute), applies=moves),
    Break("decode", noisy(), applies=stays),
]

BREAKS: dict[Law, list[Break]] = {
    laws.test_0_weights_are_alive: ALIVE,
    laws.test_0_fixed_inputs_are_alive: [
        Break("forward", of_location(lambda t, x: 0 * t), FixedInputs)
    ],
    laws.test_1_data_and_fixed_inputs_move_together: MOVING,
    laws.test_2_without_fixed_inputs_strictly_equivariant: MOVING,
    laws.test_2_with_fixed_inputs_not_equivariant: [
        Break("forward", of_location(lambda t, x: torch.ones_like(t)), FixedInputs)
    ],
    laws.test_2_fixed_inputs_act_on_the_tasks_that_know_where_they_are: [
        Break("encode", of_domain(lambda d, c: replace(d, absolute=d.absolute | True))),
        Break(
            "encode", of_domain(lambda d, c: replace(d, absolute=d.absolute.flip(0)))
        ),
    ],
    laws.test_3_context_order_is_irrelevant: [Break("encode", by_row(positions))],
    laws.test_4_unobserved_values_have_no_influence: [
        Break("encode", of_context(unseen), arguments={"junk": junk})
        for junk in (1e6, float("inf"), float("nan"))
    ],
    laws.test_5_unobserved_points_may_be_deleted: [
        Break("encode", of_context(everywhere_observed), arguments={"junk": junk})
        for junk in (0.0, float("nan"))
    ],
    laws.test_5_padding_of_one_row_does_not_matter_to_it: [
        Break("encode", of_context(everywhere_observed))
    ],
    laws.test_6_rows_of_a_batch_are_independent: [
        Break("encode", by_row(lambda y: 0.1 * y.mean(0, keepdim=True)))
    ],
    laws.test_7_targets_are_independent_and_chunked_is_unchunked: [
        Break("decode", channels(lambda z: z + 0.1 * z.mean(1, keepdim=True)))
    ],
    laws.test_7_decoding_does_not_change_the_encoding: [Break("decode", noisy())],
    laws.test_8_every_parameter_gets_a_gradient: [Break("encode", frozen)],
    laws.test_9_empty_one_point_duplicate_and_all_missing_contexts_work: [
        Break(
            "encode",
            of_context(located_if_empty),
            arguments={"keep": []},
            applies=moves,
        ),
        Break("decode", noisy(), arguments={"keep": []}, applies=stays),
    ],
    laws.test_9_an_all_missing_context_is_the_empty_one: [
        Break("encode", of_context(everywhere_observed))
    ],
    laws.test_10_contexts_of_wrong_shape_are_refused_by_name: [
        Break("encode", lenient, arguments={"name": name}) for name in ("x", "y", "w")
    ],
    laws.test_10_targets_of_wrong_shape_are_refused_by_name: [
        Break("decode", lenient_about_targets, arguments={"name": name})
        for name in ("x", "w")
    ],
    laws.test_10_batches_that_do_not_agree_are_refused_by_name: [
        Break("encode", of_domain(lambda d, c: d.each(lambda v: v[: len(c.x)]))),
        Break("decode", of_targets(lambda x, w, z: (x[: len(z.z)], w[: len(z.z)]))),
    ],
    laws.test_10_domains_of_wrong_shape_are_refused_by_name: [
        Break("encode", lenient_about_domains)
    ],
    laws.test_fixed_domain_shifts_by_whole_coarsest_cells_are_exact: [
        Break(
            "pad",
            lambda pad: lambda self, z, k: torch.nn.functional.pad(z, (k,) * 4),
            SphereLattice,
        )
    ],
    laws.test_float32_agrees_with_float64: [Break("encode", of_context(coarse))],
}
"""For each law breaks of any architecture; a law must notice each of them."""
