"""Tasks of random functions, their oracles, their bank, and the study of them."""

from mutation import Mutation

GP, GP_TESTS = "apnp/tasks/gp.py", "tests/unit/tasks/test_gp.py"
KERNELS, KERNEL_TESTS = "apnp/tasks/kernels.py", "tests/unit/tasks/test_kernels.py"
ORACLES, ORACLE_TESTS = "apnp/tasks/oracles.py", "tests/unit/tasks/test_oracles.py"
BANK, BANK_TESTS = "apnp/tasks/bank.py", "tests/unit/tasks/test_bank.py"
STUDY, STUDY_TESTS = "apnp/experiments/study.py", "tests/unit/experiments/test_study.py"
GIBBS = "apnp/experiments/gibbs.py"
REPORT = "apnp/experiments/report.py"
REPORTED = "tests/unit/experiments/test_report.py"

# fmt: off
MUTATIONS = [
    Mutation("functions: no task repeats", GP,
             "[self.seed % 2**64, index]", "[self.seed % 2**64, index // 2]", GP_TESTS,
             "repeats"),
    Mutation("functions: tasks follow the seed", GP,
             "[self.seed % 2**64, index]", "[0, index]", GP_TESTS, "seed"),
    Mutation("functions: noise is a standard deviation", GP,
             "add_(self.noise**2)", "add_(self.noise)", GP_TESTS, "covariance"),
    Mutation("functions: targets reach beyond the context", GP,
             "places.side, places.extent", "places.side, places.side", GP_TESTS, "law"),
    Mutation("functions: both orientations are drawn", GP,
             "rng.integers(self.process.kinds)", "rng.integers(1)", GP_TESTS, "law"),
    Mutation("functions: dropout hides the place", GP,
             "torch.tensor([draw.absolute])", "torch.tensor([True])", GP_TESTS,
             "dropout"),
    Mutation("functions: the Gibbs kernel has unit variance", KERNELS,
             "(2 * one * two * rate)", "(one * two * rate)", KERNEL_TESTS, "gibbs"),
    Mutation("functions: a period's length is squared", KERNELS,
             "lengthscale=lengthscale**2", "lengthscale=lengthscale", KERNEL_TESTS),
    Mutation("functions: hyperparameters are exact", KERNELS,
             "torch.tensor(value, dtype=torch.float64)", "value", KERNEL_TESTS),
    Mutation("oracles: a mixture has its posterior weights", ORACLES,
             "torch.log_softmax(evidence, dim=0)",
             "torch.log_softmax(0 * evidence, dim=0)", ORACLE_TESTS, "weighs"),
    Mutation("oracles: the evidence holds the determinant", ORACLES,
             "-0.5 * square - half", "-0.5 * square", ORACLE_TESTS, "weighs"),
    Mutation("oracles: the best Gaussian has the mixture's variance", ORACLES,
             "(self.variance + apart)", "self.variance", ORACLE_TESTS, "weighs"),
    Mutation("oracles: values are predicted with their noise", ORACLES,
             "process.variance(kind, draw.xt) + noise",
             "process.variance(kind, draw.xt)", ORACLE_TESTS, "given"),
    Mutation("oracles: a wide gap is more probable", ORACLES,
             "(evidence + length.log())", "evidence", ORACLE_TESTS, "unknown"),
    Mutation("oracles: a target in a gap lies on its side", ORACLES,
             "(share, 1 - share)", "(1 - share, share)", ORACLE_TESTS, "unknown"),
    Mutation("oracles: an unknown break knows no place", ORACLES,
             "xt = draw.xt - draw.centre", "xt = draw.xt - 0.9 * draw.centre",
             ORACLE_TESTS, "unknown"),
    Mutation("bank: none repeats beyond the end", BANK,
             "return self.source.task(index)", "index %= self.count", BANK_TESTS),
    Mutation("bank: another seed is refused", BANK,
             "if not np.array_equal(", "if False and not np.array_equal(", BANK_TESTS),
    Mutation("bank: runs have dropouts of their own", BANK,
             "self.source.knows_place(index)", "True", BANK_TESTS),
    Mutation("bank: a stop costs one chunk", BANK,
             "file.seek(self.count * self._width * 4)", "file.seek(0, 2)", BANK_TESTS),
    Mutation("study: what is trained is not trained again", STUDY,
             "resume=begun)", "resume=False)", STUDY_TESTS, "once"),
    Mutation("study: what is scored is not scored again", STUDY,
             'return found[found["task"] < self.tasks]', "pass",
             STUDY_TESTS, "once"),
    Mutation("study: validation and test are other tasks", STUDY,
             "tasks(regime, TEST_SEED)", "tasks(regime, VALIDATION_SEED)", STUDY_TESTS,
             "fixed"),
    Mutation("study: the deviation is of the fixed inputs", STUDY,
             "model.strict()(batch)", "model(batch)", STUDY_TESTS, "fixed"),
    Mutation("study: differences are paired", REPORT,
             'other["log_likelihood"].loc[own.index]',
             'other["log_likelihood"][::-1]', REPORTED, "paired"),
    Mutation("study: seeds are averaged by task", REPORT,
             '["model", "task"], sort', '["model", "seed", "task"], sort', REPORTED,
             "paired"),
    Mutation("study: better than exact inference is impossible", GIBBS,
             '> 2 * table["ceiling_se"]', '< 2 * table["ceiling_se"]', REPORTED,
             "impossible"),
    Mutation("study: fixed inputs act where training was",
             "apnp/experiments/gibbs_models.py", "edge_km=0.0", "edge_km=30.0",
             STUDY_TESTS, "fixed"),
]
# fmt: on
