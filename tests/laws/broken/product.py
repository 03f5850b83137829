"""Reading the rows and columns of a grid at once."""

from mutation import Mutation

LATTICE = "apnp/nn/lattice.py"
PRODUCT = "apnp/nn/product.py"
SETCONV = "apnp/nn/setconv.py"
UNIT = "tests/unit/nn/test_product.py"

# fmt: off
MUTATIONS = [
    Mutation("product: a grid is read over the poles", LATTICE,
             "read_product(self.pad(self._tapered(z), edge), matrices)",
             "read_product(torch.nn.functional.pad(z, (2, 2, 2, 2)), matrices)", UNIT,
             "one_by_one"),
    Mutation("product: nodes beyond the edge of a plane are the last", SETCONV,
             "near.clamp(0, g - 1)", "near % g", UNIT, "one_by_one"),
    Mutation("product: columns are those of the widest row", PRODUCT,
             "across.argmax(1)", "across.argmin(1)", UNIT, "pole"),
    Mutation("product: points off a grid of a plane are seen", PRODUCT,
             "return (first, second) if even else None",
             "return first, second", UNIT, "no_grid"),
    Mutation("product: points off a grid of the sphere are seen", PRODUCT,
             "if uneven or not error <= 8 * torch.finfo(x.dtype).eps:", "if uneven:",
             UNIT, "no_grid"),
    Mutation("product: derivatives are taken point by point", PRODUCT,
             "torch.is_grad_enabled() or ", "", UNIT, "no_grid"),
    Mutation("product: grids are known as such", PRODUCT,
             "if columns in (0, 1) or", "if True or", UNIT, "one_by_one"),
    Mutation("product: every task has rows and columns of its own", PRODUCT,
             "first, second = grid[:, :, 0, 0], grid[:, 0, :, 1]",
             "first, second = grid[:1, :, 0, 0], grid[:, 0, :, 1]", UNIT,
             "one_by_one"),
]
# fmt: on
