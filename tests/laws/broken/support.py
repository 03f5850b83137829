"""The distance of cells to stations, which a network remembers from time to time."""

from mutation import Mutation

SUPPORT = "apnp/prediction/support.py"
OF_SUPPORT = "tests/unit/prediction/test_support.py"

# fmt: off
MUTATIONS = [
    Mutation("support: the first of two is nearest", SUPPORT,
             "np.where(there[two[:, 0]], two[:, 0], two[:, 1])",
             "np.where(there[two[:, 1]], two[:, 1], two[:, 0])", OF_SUPPORT, "nearest"),
    Mutation("support: lost cells are searched for", SUPPORT,
             "lost = ~there[nearest]", "lost = np.zeros(len(unit), dtype=bool)",
             OF_SUPPORT, "nearest"),
    Mutation("support: places are observed where they are", SUPPORT,
             "return chord < _SAME", "return chord < 1.0", OF_SUPPORT,
             "known_once"),
    Mutation("support: rows are kept apart", SUPPORT,
             "key = rows.start, rows.stop", "key = 0, 1", OF_SUPPORT, "nearest"),
    Mutation("support: what is remembered is limited", SUPPORT,
             "if cells > self.kept_cells:", "if False:", OF_SUPPORT, "limit"),
    Mutation("support: a network is of all times", "apnp/prediction/contexts.py",
             "seen |= observed", "seen = observed",
             "tests/unit/prediction/test_period.py", "any_time"),
]
