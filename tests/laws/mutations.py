"""Break each property of the models on purpose, and see that a law says so.

    python tests/laws/mutations.py [word]

Each row replaces a text of a copy of the package and runs the tests that should then
fail. A row that survives, or whose text is no longer there, ends the run with status 1.
With `word`, only rows whose property holds it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Mutation(NamedTuple):
    """A property, the text that keeps it, what breaks it, and who should notice."""

    breaks: str
    path: str
    old: str
    new: str
    tests: str
    select: str = ""


BACKBONES, GROUPS = "tests/laws/test_backbones.py", "tests/laws/test_groups.py"
LIKELIHOODS, DRIFT = "tests/laws/test_likelihoods.py", "tests/unit/nn/test_drift.py"
LATTICE, UNET = "tests/unit/nn/test_lattice.py", "tests/unit/nn/test_unet.py"
SETCONV, FIXED = "tests/unit/nn/test_setconv.py", "tests/unit/approx"
COVARIANCE, KRIGING = (
    "apnp/nn/covariance.py", "tests/unit/nn/test_covariance.py",
)  # fmt: skip
CONVCNP, WRAPPER = "apnp/backbones/convcnp.py", "apnp/approx/wrapper.py"
LOCAL, LOCAL_TNP = "apnp/backbones/local_tnp.py", "tests/unit/backbones"
NEAR, NEIGHBOURS = "apnp/nn/neighbours.py", "tests/unit/nn/test_neighbours.py"
PAIR, ATTENTION = "apnp/nn/pair_attention.py", "tests/unit/nn/test_pair_attention.py"
KRIGE, LOCAL_KRIGING = (
    "apnp/nn/local_kriging.py", "tests/unit/nn/test_local_kriging.py",
)  # fmt: skip
MODEL = "apnp/model.py"
TNP, GLOBAL = "apnp/backbones/tnp.py", "apnp/nn/global_attention.py"

# fmt: off
MUTATIONS = [
    # Laws of backbones, by their number.
    Mutation("0 context values reach the target", CONVCNP,
             "z=self.unet(latent.z)", "z=0 * self.unet(latent.z)", BACKBONES, "test_0"),
    Mutation("0 fixed inputs reach the target", WRAPPER,
             "return t * domain", "return 0 * t * domain", BACKBONES, "test_0"),
    Mutation("1 plane lattice moves with the domain", "apnp/nn/lattice.py",
             "relative = x - centre[:, None]\n", "relative = x\n", BACKBONES, "test_1"),
    Mutation("1 plane sites move with the domain", "apnp/nn/lattice.py",
             "return grid + centre.reshape", "return grid + 0 * centre.reshape",
             BACKBONES, "test_1"),
    Mutation("1 plane reading moves with the domain", "apnp/nn/lattice.py",
             "(x - centre[:, None]) / self.cell", "x / self.cell", BACKBONES, "test_1"),
    Mutation("1 sphere kernel starts at the domain", "apnp/nn/lattice.py",
             "self._longitudes(x) + torch.atan2(centre[:, 1], centre[:, 0])[:, None]",
             "self._longitudes(x).expand(len(x), -1)", BACKBONES, "test_1"),
    Mutation("1 sphere features ignore longitude", "apnp/nn/lattice.py",
             "return sine.expand(centre.shape[0], 1, *self.shape)",
             "return self.sites(centre)[..., 0][:, None]", BACKBONES, "test_1"),
    Mutation("1 fixed inputs are read at the sites", WRAPPER,
             "self._fixed(latent.sites, domain)",
             "self._fixed(latent.sites - latent.sites.mean(), domain)",
             BACKBONES, "test_1"),
    Mutation("1 fixed inputs are read at the targets", WRAPPER,
             "self._fixed(xt, latent.domain)",
             "self._fixed(xt - xt.mean(), latent.domain)", BACKBONES, "test_1"),
    Mutation("2 absolute location is switched off by the task", WRAPPER,
             "t * domain.absolute.reshape", "t * (domain.absolute | True).reshape",
             BACKBONES, "test_2"),
    Mutation("2 switched off for its own row", WRAPPER,
             "t * domain.absolute.reshape", "t * domain.absolute.flip(0).reshape",
             BACKBONES, "test_2"),
    Mutation("2 strict() drops the fixed inputs", WRAPPER,
             "return self.backbone\n", "return self\n", BACKBONES, "test_2"),
    Mutation("3 context order", CONVCNP,
             "points = torch.cat((residual, embedded, presence",
             "points = torch.cat((residual, embedded.cumsum(1), presence",
             BACKBONES, "test_3"),
    Mutation("4 unobserved values are replaced", CONVCNP,
             "values = torch.where(mask, values, 0.0)", "values = values * mask",
             BACKBONES, "test_4"),
    Mutation("4 unobserved covariates of targets are replaced", MODEL,
             "known = torch.where(wt_mask, wt, 0.0)", "known = wt",
             BACKBONES, "test_4"),
    Mutation("5 unobserved points have no density", CONVCNP,
             "known = context.y_mask.any(-1, keepdim=True)",
             "known = torch.ones_like(context.y_mask[..., :1])", BACKBONES, "test_5"),
    Mutation("5 locations of padding are replaced", CONVCNP,
             "x = torch.where(mask.any(-1, keepdim=True), context.x, "
             "domain.centre[:, None])",
             "x = context.x", BACKBONES, "test_5"),
    Mutation("5 locations of padding leave the drift's gradient", MODEL,
             "x = torch.where(seen, context.x, domain.centre[:, None])",
             "x = context.x", BACKBONES, "test_5"),
    Mutation("6 rows are independent", "apnp/nn/setconv.py",
             "start = nodes * torch.arange(b", "start = 0 * torch.arange(b",
             BACKBONES, "test_6"),
    Mutation("6 normalisation is within a node", "apnp/nn/unet.py",
             "self.contract(", "self.contract(update.mean() * 0.1 + ",
             BACKBONES, "test_6"),
    Mutation("7 targets are independent", CONVCNP,
             "inputs = torch.cat((z, wt), dim=-1)",
             "inputs = torch.cat((z - z.sum(1, keepdim=True), wt), dim=-1)",
             BACKBONES, "test_7"),
    Mutation("8 fades are learned", CONVCNP,
             "self.log_fades.exp())", "self.log_fades.exp().detach())",
             BACKBONES, "test_8"),
    Mutation("8 widths are learned from the covariance", COVARIANCE,
             "share * torch.dot", "0 * torch.dot", KRIGING),
    Mutation("8 the way down is learned", "apnp/nn/unet.py",
             "skips[i] + _refine(self.widen[i](z))", "skips[i]", BACKBONES, "test_8"),
    Mutation("9 an empty context divides by no density", CONVCNP,
             "density[:, -1:] + fade", "density[:, -1:]", BACKBONES, "test_9"),
    Mutation("10 shapes of contexts are checked", CONVCNP,
             "        self.check_context(context, domain)\n", "",
             BACKBONES, "test_10"),
    Mutation("10 shapes of targets are checked", CONVCNP,
             "        self.check_targets(latent, xt, wt)\n", "",
             BACKBONES, "test_10"),
    Mutation("the drift is put back", MODEL,
             "return predictive.shifted(self.drift(encoding.coefficients, features))",
             "return predictive", "tests/unit/test_model.py"),
    Mutation("the drift is taken off", MODEL,
             "rest = context.y - self.drift(coefficients, features)",
             "rest = context.y", "tests/unit/test_model.py"),
    # Groups.
    Mutation("longitude: dot and cross tell mirror images", "apnp/groups/longitude.py",
             "(z, z_other, dot, cross)", "(z, z_other, dot, cross.abs())", GROUPS),
    Mutation("longitude: inverse", "apnp/groups/longitude.py",
             "return -element", "return element", GROUPS),
    Mutation("longitude: a rotation", "apnp/groups/longitude.py",
             "sin * east + cos * north", "sin * east - cos * north", GROUPS),
    Mutation("translation: fixed axes are told", "apnp/groups/translation.py",
             "if fixed:", "if False:", GROUPS),
    Mutation("translation: differences", "apnp/groups/translation.py",
             "left[..., dims] - right[..., dims]", "left[..., dims] + right[..., dims]",
             GROUPS),
    Mutation("translation: trend moves with its centre", "apnp/groups/translation.py",
             "return x - centre[:, None]", "return x", GROUPS),
    Mutation("longitude: trend moves with its centre", "apnp/groups/longitude.py",
             "cos, sin = torch.cos(longitude), torch.sin(longitude)",
             "cos, sin = torch.cos(0 * longitude), torch.sin(0 * longitude)", GROUPS),
    Mutation("longitude: span of the trend is kept", "apnp/groups/longitude.py",
             "(u * v, u * z, v * z,", "(u * v, u * z, v * u * z,", GROUPS),
    # Lattices, set convolutions, U-Net.
    Mutation("plane: symmetric about the centre", "apnp/nn/lattice.py",
             "self.cell * (steps - (g - 1) / 2)", "self.cell * (steps - g / 2)",
             LATTICE),
    Mutation("plane: edges are held", "apnp/nn/lattice.py",
             "(relative[..., i] + (g - 1) / 2).clamp(0, g - 1)",
             "(relative[..., i] + (g - 1) / 2)", LATTICE),
    Mutation("sphere: half-turn in the padding", "apnp/nn/lattice.py",
             "turned = z.roll(z.shape[-1] // 2, dims=-1)", "turned = z", LATTICE),
    Mutation("sphere: padding is mirrored", "apnp/nn/lattice.py",
             "turned[..., :k, :].flip(-2)", "turned[..., :k, :]", LATTICE),
    Mutation("sphere: padding is periodic", "apnp/nn/lattice.py",
             'mode="circular"', 'mode="constant"', LATTICE),
    Mutation("sphere: half-turn in the reading", "apnp/nn/lattice.py",
             "column[..., None, :] + columns // 2 * beyond[..., None].long()",
             "column[..., None, :] + 0 * beyond[..., None].long()", LATTICE),
    Mutation("sphere: one value at the pole", "apnp/nn/lattice.py",
             "read(self._tapered(z)", "read(z", LATTICE),
    Mutation("sphere: long waves are read beyond 60 degrees", "apnp/nn/lattice.py",
             "torch.maximum(length / 3, cos_lat / 0.5)", "(cos_lat / 0.5)", LATTICE),
    Mutation("sphere: rows are cell centres", "apnp/nn/lattice.py",
             "self.cell * (steps + 0.5) - math.pi / 2", "self.cell * steps - 1.5",
             LATTICE),
    Mutation("sphere: kernel widens near a pole", "apnp/nn/lattice.py",
             "2 * cos_lat * (cos_lat - horizontal)",
             "2 * (1 - horizontal / cos_lat.clamp(min=1e-9))", LATTICE),
    Mutation("sphere: coarsest columns are even", "apnp/nn/lattice.py",
             "columns % 2 or min(rows, columns) < k", "min(rows, columns) < k",
             "tests/unit/backbones"),
    Mutation("sphere: rows are as many as the kernel reaches", "apnp/nn/lattice.py",
             "columns % 2 or min(rows, columns) < k", "columns % 2",
             "tests/unit/backbones"),
    Mutation("spread sums every axis", "apnp/nn/setconv.py",
             "for axis in axes[:-1]:", "for axis in axes[1:-1]:", SETCONV),
    Mutation("cubic weights reproduce quadratics", "apnp/nn/setconv.py",
             "(0.5 * s - 0.5) * s * s", "(0.5 * s - 0.4) * s * s", SETCONV),
    Mutation("coarsening takes pairs", "apnp/nn/unet.py",
             "z.unflatten(axis, (-1, 2)).mean(axis + 1)",
             "z.unflatten(axis, (2, -1)).mean(axis)", UNET),
    Mutation("lattices that cannot be halved are refused", "apnp/nn/unet.py",
             "if g % step:", "if g % 2:", UNET),
    # Likelihoods, drift, fixed inputs.
    Mutation("density is normalised", "apnp/likelihoods/predictive.py",
             "2 * math.pi * self.variance", "math.pi * self.variance", LIKELIHOODS),
    Mutation("CRPS is the closed form", "apnp/likelihoods/predictive.py",
             "1 / math.sqrt(math.pi)", "1 / math.pi", LIKELIHOODS),
    Mutation("quantile scales by the spread", "apnp/likelihoods/predictive.py",
             "self.variance.sqrt() * torch.special.ndtri",
             "self.variance * torch.special.ndtri", LIKELIHOODS),
    Mutation("samples scale by the spread", "apnp/likelihoods/predictive.py",
             "self.variance.sqrt() * noise", "self.variance * noise", LIKELIHOODS),
    Mutation("unobserved values are not scored", "apnp/likelihoods/predictive.py",
             "return torch.where(mask, log_density, 0.0)", "return log_density",
             LIKELIHOODS),
    Mutation("spread has a floor", "apnp/likelihoods/gaussian.py",
             "self.floor + nn", "nn", LIKELIHOODS),
    Mutation("drift weighs observations by their mask", "apnp/nn/drift.py",
             "own = torch.where(seen, f, 0.0)", "own = f", DRIFT),
    Mutation("drift shrinks to its prior", "apnp/nn/drift.py",
             "eye = self.ridge *", "eye = self.ridge**2 *", DRIFT),
    Mutation("drift weighs observations by their covariance", "apnp/nn/drift.py",
             "torch.cat((own, rest), -1))", "torch.cat((own, rest), -1)) * 0.5",
             DRIFT),
    Mutation("covariance has its widths", COVARIANCE,
             "-0.5 * torch.exp(-2", "-0.5 * torch.exp(-1", KRIGING),
    Mutation("a masked point is independent of all others", COVARIANCE,
             "* m[..., None] * m[..., None, :]", "* m[..., None]", KRIGING),
    Mutation("the sphere kriges by chords", "apnp/nn/lattice.py",
             "keepdim=True) - 2 * x @ nodes.mT", "keepdim=True) - x @ nodes.mT",
             KRIGING),
    Mutation("4 kriging reads observed values alone", CONVCNP,
             "torch.where(context.y_mask, context.y, 0.0)[", "context.y[",
             BACKBONES, "test_4"),
    Mutation("support is zero outside", "apnp/approx/fixed_inputs.py",
             "self.support.weight(x) * t", "t", FIXED),
    Mutation("support has its edge outside", "apnp/approx/fixed_inputs.py",
             "(1 - outside / self.edge)", "(-outside / self.edge)", FIXED),
    Mutation("support has a smooth edge", "apnp/approx/fixed_inputs.py",
             "s * s * (3 - 2 * s)", "s", FIXED),
    Mutation("fixed inputs use Fourier features", "apnp/approx/fixed_inputs.py",
             "2 * math.pi * bandwidth * frequencies", "bandwidth * frequencies", FIXED),
    Mutation("fixed inputs match the channels of a field", "apnp/types.py",
             '_check_shape("e", e, tuple(self.z.movedim', '("e", e, (self.z.movedim',
             FIXED),
    Mutation("fixed inputs match the channels of tokens", "apnp/types.py",
             '_check_shape("e", e, tuple(self.z.shape))', "pass",
             "tests/unit/test_types.py"),
    # Neighbours, their attention and kriging, and the backbone of both.
    Mutation("local: nearest are seen", NEAR,
             "np.flatnonzero(seen[row].cpu().numpy())", "np.arange(len(seen[row]))",
             NEIGHBOURS),
    Mutation("local: numbers are those of all points", NEAR,
             "torch.from_numpy(numbers[order.reshape(n, count)])",
             "torch.from_numpy(order.reshape(n, count))", NEIGHBOURS),
    Mutation("local: every task has its own points", NEAR,
             "tree = cKDTree(other[row]", "tree = cKDTree(other[0]", NEIGHBOURS),
    Mutation("local: weights fall to zero", NEAR,
             "torch.where(found[..., -1:], s * s * (3 - 2 * s), 1.0)",
             "torch.ones_like(s)", NEIGHBOURS),
    Mutation("local: too few neighbours weigh one", NEAR,
             "torch.where(found[..., -1:], s * s * (3 - 2 * s), 1.0)",
             "s * s * (3 - 2 * s)", NEIGHBOURS),
    Mutation("local: absent neighbours weigh nothing", NEAR,
             "return weight * found[..., :-1], radius", "return weight, radius",
             NEIGHBOURS),
    Mutation("local: the radius is the last distance", NEAR,
             "distance.amax(-1)", "distance[..., :-1].amax(-1)", NEIGHBOURS),
    Mutation("local: a weight divides the noise", KRIGE,
             "root = weight.sqrt()", "root = weight", LOCAL_KRIGING),
    Mutation("local: what neighbours explain leaves the variance", KRIGE,
             "(prior - explained)", "(prior + 0 * explained)", LOCAL_KRIGING),
    Mutation("local: the variance holds the noise", KRIGE,
             "clamp(min=0.0) + noise", "clamp(min=0.0)", LOCAL_KRIGING),
    Mutation("local: slopes vary with location", KRIGE,
             "products * near[s]", "products", LOCAL_KRIGING),
    Mutation("local: slopes do not fade with covariates", KRIGE,
             "total = total + products * near[s]",
             "total = total + products * near[s] * alike", LOCAL_KRIGING),
    Mutation("local: variances are adjusted by the target", KRIGE,
             "torch.exp(self.log_variances[v] + variances)",
             "torch.exp(self.log_variances[v] + 0 * variances)", LOCAL_KRIGING),
    Mutation("local: covariates have their scales", KRIGE,
             "common[..., 1:2] - self.log_heights",
             "common[..., 1:2] - 0 * self.log_heights", LOCAL_KRIGING),
    Mutation("local: points of other covariates are less alike", KRIGE,
             "+ alike * total", "+ total", LOCAL_KRIGING),
    Mutation("local: the embedding stretches lengths", KRIGE,
             "torch.exp(-2 * common[..., 0])", "torch.exp(-common[..., 0])",
             LOCAL_KRIGING),
    Mutation("local: the embedding is bounded", KRIGE,
             "_LARGEST * torch.tanh(self.scales(embedding) / _LARGEST)",
             "self.scales(embedding)", LOCAL_KRIGING),
    Mutation("local: a neighbour counts by its weight", PAIR,
             "clamp(max=0.0)) * weight[..., None]",
             "clamp(max=0.0)) * (weight[..., None] > 0)", ATTENTION),
    Mutation("local: shares are relative to who is present", PAIR,
             ".masked_fill(weight[..., None] == 0, -torch.inf)", "", ATTENTION),
    Mutation("local: the pair enters its value", PAIR,
             "values = (hidden + value)", "values = (0 * hidden + value)", ATTENTION),
    Mutation("local: shares sum to one", PAIR,
             "share = share / share.sum(2, keepdim=True).clamp(min=1e-30)",
             "share = share / share.shape[2]", ATTENTION),
    Mutation("local: heads divide the width", PAIR,
             "if width % heads:", "if False:", ATTENTION),
    Mutation("local: values of pairs are relative", LOCAL,
             "relative = around.rest - y[:, :, None]",
             "relative = around.rest - 0 * y[:, :, None]", LOCAL_TNP),
    Mutation("local: 0 fixed inputs reach the target", LOCAL,
             "h = h + et\n", "h = h + 0 * et\n", LOCAL_TNP),
    Mutation("local: 1 a pair says nothing of where it lies", LOCAL,
             "self.group.offsets(x[:, :, None], other)",
             "(x[:, :, None] + other)[..., : self.group.offsets(x, x).shape[-1]]",
             BACKBONES, "test_1 and LocalTNP"),
    Mutation("local: 1 nor a point", LOCAL,
             "place = (self.group.here(x), size",
             "place = (self.group.here(x) + x[..., :1], size",
             BACKBONES, "test_1 and LocalTNP"),
    Mutation("local: 4 unobserved values are replaced", LOCAL,
             "torch.where(points.y_mask, points.y - self.prior(inputs), 0.0)",
             "context.y - self.prior(inputs)", BACKBONES, "test_4 and LocalTNP"),
    Mutation("local: 4 unobserved covariates are replaced", LOCAL,
             "w=torch.where(context.w_mask, context.w, 0.0)",
             "w=context.w * context.w_mask", BACKBONES, "test_4 and LocalTNP"),
    Mutation("local: 5 locations of padding are replaced", LOCAL,
             "x = torch.where(seen, context.x, domain.centre[:, None])",
             "x = context.x", BACKBONES, "test_5 and LocalTNP"),
    Mutation("local: 5 unobserved points are no neighbours", LOCAL,
             "seen = points.y_mask.any(-1)\n",
             "seen = torch.ones_like(points.y_mask[..., 0])\n",
             BACKBONES, "test_5 and LocalTNP"),
    Mutation("local: 9 an empty context has a point", LOCAL,
             "        context = _at_least_one(context, domain)\n", "",
             BACKBONES, "test_9 and LocalTNP"),
    Mutation("local: 10 shapes of contexts are checked", LOCAL,
             "        self.check_context(context, domain)\n", "",
             BACKBONES, "test_10 and LocalTNP"),
    Mutation("local: 10 shapes of targets are checked", LOCAL,
             "        self.check_targets(latent, xt, wt)\n", "",
             BACKBONES, "test_10 and LocalTNP"),
    Mutation("local: fields are continuous", "apnp/nn/neighbours.py",
             "s * s * (3 - 2 * s), 1.0)", "torch.ones_like(s), 1.0)", LOCAL_TNP),
    Mutation("local: the prior mean is put back", LOCAL,
             "mean = self.prior(wt) + mean", "mean = mean", LOCAL_TNP),
    Mutation("local: the prior mean is taken off", LOCAL,
             "y - self.prior(inputs)", "y - 0 * self.prior(inputs)", LOCAL_TNP),
    Mutation("local: the spread is that of kriging", LOCAL,
             "return value + torch.log(-torch.expm1(-value))", "return value",
             LOCAL_TNP),
    Mutation("local: chunks are in order", LOCAL,
             "None if et is None else et[:, i : i + _CHUNK]",
             "None if et is None else et[:, : len(xt[0, i : i + _CHUNK])]", LOCAL_TNP),
    Mutation("local: 7 fixed inputs are those of their targets", WRAPPER,
             "et = self._fixed(xt, latent.domain)",
             "et = self._fixed(xt.flip(1), latent.domain)",
             BACKBONES, "test_7 and LocalTNP"),
    Mutation("longitude: offsets of the closest are exact", "apnp/groups/longitude.py",
             "east = x[..., 0] * step[..., 1] - x[..., 1] * step[..., 0]",
             "east = x[..., 0] * other[..., 1] - x[..., 1] * other[..., 0]", GROUPS),
    Mutation("longitude: offsets are east", "apnp/groups/longitude.py",
             "torch.stack((east, step[..., 2]", "torch.stack((-east, step[..., 2]",
             GROUPS),
    Mutation("longitude: offsets ignore longitude", "apnp/groups/longitude.py",
             "torch.stack((east, step[..., 2]",
             "torch.stack((step[..., 0], step[..., 2]", GROUPS),
    Mutation("longitude: here is the latitude", "apnp/groups/longitude.py",
             "return x[..., 2:]\n", "return x[..., :1]\n", GROUPS),
    Mutation("translation: here holds no shifted axis", "apnp/groups/translation.py",
             "if d not in self.dims]]", "]]", GROUPS),
    Mutation("translation: offsets are differences", "apnp/groups/translation.py",
             "return other - x", "return other + x", GROUPS),
    Mutation("tnp: 1 tokens know what the group leaves", TNP,
             "self.group.here(x), points.y",
             "x[..., : self.group.here(x).shape[-1]], points.y",
             BACKBONES, "test_1 and TNP and not Local"),
    Mutation("tnp: 1 offsets are of the pair", TNP,
             "self.group.offsets(left, right)", "(right + left)",
             BACKBONES, "test_1 and TNP and not Local"),
    Mutation("tnp: 4 unobserved values are replaced", TNP,
             "y=torch.where(context.y_mask, context.y, 0.0)", "y=context.y",
             BACKBONES, "test_4 and TNP and not Local"),
    Mutation("tnp: 5 unobserved points are hidden", GLOBAL,
             "bias.masked_fill(hidden, -torch.inf)", "bias",
             BACKBONES, "test_5 and TNP and not Local"),
    Mutation("tnp: 9 an empty context reads the learned token", GLOBAL,
             "mask = functional.pad(bias, (1, 0))",
             "mask = functional.pad(bias, (1, 0), value=-torch.inf)",
             "tests/unit/nn/test_global_attention.py"),
    Mutation("tnp: logits are scaled as written out", GLOBAL,
             "logits / queries.shape[-1] ** 0.5", "logits",
             "tests/unit/nn/test_global_attention.py"),
    Mutation("a spread that is guessed is kept", "apnp/likelihoods/gaussian.py",
             "None if guessed else", "None if False else", "tests/unit/likelihoods"),
]
# fmt: on


def verdict(mutation: Mutation) -> str:
    """What the tests say of the broken copy: "caught", "SURVIVED" or "NO SUCH TEXT"."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("apnp", "tests"):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        shutil.copy(ROOT / "pyproject.toml", copy)
        source = copy / mutation.path
        text = source.read_text()
        if text.count(mutation.old) != 1:
            return "NO SUCH TEXT"
        source.write_text(text.replace(mutation.old, mutation.new))
        command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider"]
        command += [mutation.tests, "-k", mutation.select or "test"]
        run = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    # Status 1: tests ran and failed. Anything else is a mutation that does not run.
    return {0: "SURVIVED", 1: "caught"}.get(run.returncode, f"status {run.returncode}")


def main(word: str = "") -> int:
    """Print the table; the number of rows that were not caught."""
    missed = 0
    rows = [row for row in MUTATIONS if word in row.breaks]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for row, found in zip(rows, pool.map(verdict, rows), strict=True):
            missed += found != "caught"
            print(f"{found:<14}{row.breaks:<58}{row.path}", flush=True)
    return missed


if __name__ == "__main__":
    sys.exit(min(1, main(*sys.argv[1:])))
