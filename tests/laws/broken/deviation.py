"""Deviation from symmetry: its norms, what is moved, and its map."""

from mutation import Mutation

NORMS = "apnp/evaluation/deviation.py"
PROBE = "apnp/prediction/symmetry.py"
DRAWN = "apnp/plotting/breaking.py"
FIELD = "apnp/plotting/field.py"
VERB = "apnp/cli/deviation.py"
OF_NORMS = "tests/unit/evaluation/test_deviation.py"
OF_PROBE = "tests/unit/prediction/test_symmetry.py"
OF_MAP = "tests/unit/plotting/test_breaking.py"
OF_VERB = "tests/smoke/test_deviation.py"

# fmt: off
MUTATIONS = [
    Mutation("deviation: relative to the strict mean", NORMS,
             "scale = np.linalg.norm(reference, p)", "scale = np.linalg.norm(mean, p)",
             OF_NORMS),
    Mutation("deviation: the order of the norm is p", NORMS,
             "np.linalg.norm(mean - reference, p)", "np.linalg.norm(mean - reference)",
             OF_NORMS),
    Mutation("deviation: the denominator has the same order", NORMS,
             "scale = np.linalg.norm(reference, p)",
             "scale = np.linalg.norm(reference)", OF_NORMS),
    Mutation("deviation: a zero reference is refused", NORMS,
             "if scale == 0:", "if False:", OF_NORMS),
    Mutation("deviation: means are finite", NORMS,
             "if not (np.isfinite(mean).all() and np.isfinite(reference).all()):",
             "if False:", OF_NORMS),
    Mutation("deviation: shapes agree", NORMS,
             "if mean.shape != reference.shape or mean.ndim != 1:", "if False:",
             OF_NORMS),
    Mutation("deviation: the difference is in units", NORMS,
             "unit * float(np.abs(", "float(np.abs(", OF_NORMS),
    Mutation("deviation: the difference is absolute", NORMS,
             "float(np.abs(mean - reference).mean())",
             "float((mean - reference).mean())", OF_NORMS),
    Mutation("deviation: errors are of the same score", NORMS,
             "scores.mean_and_error(table[name])", "scores.mean_and_error(table['l1'])",
             OF_NORMS),
    Mutation("deviation: the fixed inputs are switched off", PROBE,
             "self._mean(self.process.strict(), task)",
             "self._mean(self.process, task)", OF_PROBE),
    Mutation("deviation: context and targets move", PROBE,
             "x=group.act(element, points.x)", "x=points.x", OF_PROBE),
    Mutation("deviation: targets move", PROBE,
             "return Task(act(task.context), act(task.target), domain, streams)",
             "return Task(act(task.context), task.target, domain, streams)", OF_PROBE),
    Mutation("deviation: the domain moves", PROBE,
             "centre=group.act(element, task.domain.centre)",
             "centre=task.domain.centre", OF_PROBE),
    Mutation("deviation: in double precision", PROBE,
             "copy.deepcopy(model.process).double(), model.representation",
             "copy.deepcopy(model.process).half().double(), model.representation",
             OF_PROBE),
    Mutation("deviation: the model stays as it is", PROBE,
             "copy.deepcopy(model.process)", "model.process", OF_PROBE),
    Mutation("deviation: contexts far away have no fixed inputs", PROBE,
             "representation.domain(context.sites, absolute)",
             "representation.domain(context.sites)", OF_PROBE),
    Mutation("deviation: the map is with minus without", PROBE,
             "one.values - other.values", "other.values - one.values", OF_PROBE),
    Mutation("deviation: a difference has units of a difference", PROBE,
             '_DIFFERENCE_UNITS = {"degC": "K"}', "_DIFFERENCE_UNITS = {}", OF_PROBE),
    Mutation("deviation: the map's mask is the one given", PROBE,
             "relief=relief, mask=mask,", "relief=relief,", OF_PROBE),
    Mutation("deviation: coordinates have no missing values", PROBE,
             'kept | {"_FillValue": None}', "kept", OF_PROBE),
    Mutation("deviation: files are whole", PROBE,
             "ds.to_netcdf(temporary", "ds.to_netcdf(path", OF_PROBE),
    Mutation("deviation: colours are symmetric about zero", DRAWN,
             "return -most, most,", "return float(np.nanmin(values)), most,", OF_MAP),
    Mutation("deviation: colours diverge", DRAWN, '"RdBu_r"', '"viridis"', OF_MAP),
    Mutation("deviation: the right panel is the spread", DRAWN,
             "minus without\", field.std)", "minus without\", field.mean)", OF_MAP),
    Mutation("deviation: the relief is drawn where it is asked for", DRAWN,
             "    if relief:\n", "    if False:\n", OF_MAP),
    Mutation("deviation: the difference of the spread is read", FIELD,
             'std=cells(f"{name}_stderr{kind}")', 'std=cells(f"{name}{kind}")', OF_MAP),
    Mutation("deviation: a strict model is not switched off", VERB,
             'return model.record["config"]["model"]["form"] == "approximate"',
             "return True", OF_VERB),
    Mutation("deviation: the seed draws the elements", VERB,
             "manual_seed(args.seed)", "manual_seed(torch.seed())", OF_VERB),
    Mutation("deviation: differences are in units of the variable", VERB,
             "**deviation.deviations(*pair, model.representation.std)",
             "**deviation.deviations(*pair, 1.0)", OF_VERB),
    Mutation("deviation: grids are refused before the tasks", VERB,
             "    if args.grid:\n        _check_map(args, ds)\n", "", OF_VERB),
]
# fmt: on
