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
]
