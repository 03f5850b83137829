"""The layout of a CNN's field: a matter of speed alone."""

from mutation import Mutation

CNN = "apnp/nn/cnn.py"
UNIT = "tests/unit/nn/test_cnn.py"

# fmt: off
MUTATIONS = [
    Mutation("cnn layout: values are those of the blocks", CNN,
             "z = z.contiguous(memory_format=torch.channels_last)",
             "z = z.flip(-1).contiguous(memory_format=torch.channels_last)", UNIT,
             "its_blocks"),
    Mutation("cnn layout: channels in a row", CNN,
             "z = z.contiguous(memory_format=torch.channels_last)",
             "z = z.contiguous()", UNIT, "in_a_row"),
    Mutation("cnn layout: a line is one row of a plane", CNN,
             "if z.ndim == 3:", "if z.ndim == 1:", UNIT, "in_a_row"),
    Mutation("gaussian: powers of two are taken of the right number",
             "apnp/nn/gaussian.py", "math.log2(math.e)", "math.log(2)",
             "tests/unit/nn/test_gaussian.py"),
    Mutation("gaussian: half of the square", "apnp/nn/gaussian.py", "-0.5 * LOG2_E",
             "-LOG2_E", "tests/unit/nn/test_gaussian.py"),
    Mutation("gaussian: the covariance takes powers of two likewise",
             "apnp/nn/covariance.py", "here.addcmul_(room.exp2_(), share)",
             "here.addcmul_(room.exp_(), share)", "tests/unit/nn/test_covariance.py"),
]
