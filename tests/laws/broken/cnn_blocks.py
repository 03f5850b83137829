"""The blocks of convolutional networks: their edge and their pointwise half."""

from mutation import Mutation

RESIDUAL, EDGE = "apnp/nn/residual.py", "apnp/nn/edge.py"
UNIT = "tests/unit/nn/test_residual.py"

# fmt: off
MUTATIONS = [
    Mutation("block: every piece of rows counts for the second map", RESIDUAL,
             "torch.addmm(by_w2, back.T, wide, out=by_w2)",
             "torch.mm(back.T, wide, out=by_w2)", UNIT, "its_reference"),
    Mutation("block: and for the first", RESIDUAL,
             "torch.addmm(by_weight, by_wide.T, normal, out=by_weight)",
             "torch.mm(by_wide.T, normal, out=by_weight)", UNIT, "its_reference"),
    Mutation("block: the normalisation's shift is part of the first map", RESIDUAL,
             "torch.addr(by_weight * gain, by_bias, shift)", "by_weight * gain", UNIT,
             "its_reference"),
    Mutation("block: the mean of a row depends on all its channels", RESIDUAL,
             "by_normal -= by_normal @ share", "pass", UNIT, "its_reference"),
    Mutation("block: and so does its deviation", RESIDUAL,
             "by_normal.addcmul_(normal, along, value=-1)", "by_normal", UNIT,
             "its_reference"),
    Mutation("block: deviations are taken from the mean", RESIDUAL,
             "torch.mul(normal, normal, out=squared)",
             "torch.mul(some, some, out=squared)", UNIT, "its_reference"),
    Mutation("block: what was there stays", RESIDUAL, "o += here", "pass", UNIT,
             "its_reference"),
    Mutation("block: second derivatives are refused", RESIDUAL,
             "    @once_differentiable\n", "", UNIT, "second"),
    Mutation("block: mixed precision stays torch's own", RESIDUAL,
             'or torch.is_autocast_enabled("cpu")', "", UNIT, "mixed"),
    Mutation("block: small fields stay torch's own", RESIDUAL, "or not many:", ":",
             UNIT, "mixed"),
    Mutation("edge: zeros that a convolution adds are not copied as well", EDGE,
             "self._rest = reach - self.beyond", "self._rest = reach",
             "tests/unit/nn/test_edge.py"),
    Mutation("edge: a sphere has no zeros beyond its edge", EDGE,
             "reach if pad is zero_pad else 0", "reach", "tests/unit/nn/test_edge.py"),
    Mutation("reading: what is read linearly is mixed with covariates",
             "apnp/backbones/gridded.py",
             "return z + functional.linear(wt, self.shortcut.weight[:, self.dz :])",
             "return z", "tests/unit/backbones/test_convcnp.py", "linearly"),
    Mutation("reading: few channels of a grid lie as many do", "apnp/nn/setconv.py",
             "some = lines.unflatten(-1, (*read, *rest)).movedim(1, i + 1)",
             "some = lines.unflatten(-1, (*read, *rest))",
             "tests/unit/nn/test_product.py", "transpose"),
    Mutation("set convolution: every piece of points counts", "apnp/nn/setconv.py",
             "torch.addmm(z, _columns(v, across).T, along, out=z)",
             "torch.mm(_columns(v, across).T, along, out=z)",
             "tests/unit/nn/test_setconv.py", "its_reference"),
    Mutation("set convolution: pieces are for many points", "apnp/nn/setconv.py",
             "n > _points(c * grid[0])", "n > 0", "tests/unit/nn/test_setconv.py",
             "many"),
]
# fmt: on
