"""Groups."""

from mutation import Mutation

GROUPS = "tests/laws/test_groups.py"

# fmt: off
MUTATIONS = [
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
]
# fmt: on
