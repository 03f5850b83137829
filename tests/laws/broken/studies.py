"""The studies of plumes and of a reanalysis, and regions of stations."""

from mutation import Mutation

UNIT = "tests/unit/experiments/"
STUDY, SMOKE = "apnp/experiments/study.py", "apnp/experiments/smoke.py"
ENVIRONMENT = "apnp/experiments/environment.py"
MODELS, FIGURES = "apnp/experiments/grid_models.py", "apnp/experiments/grid_figures.py"
SMOKE_TESTS, MODEL_TESTS = f"{UNIT}test_smoke_study.py", f"{UNIT}test_grid_models.py"
EARTH_TESTS = f"{UNIT}test_environment_study.py"
SELECT, SELECTED = "apnp/data/select.py", "tests/unit/data/test_select.py"

# fmt: off
MUTATIONS = [
    Mutation("grids: padded targets have no say in a deviation", STUDY,
             "(m.mean * target.y_mask).flatten(1)", "m.mean.flatten(1)", SMOKE_TESTS,
             "scored"),
    Mutation("grids: a deviation is of its own norm", STUDY,
             "torch.linalg.vector_norm(mean - reference, norm, dim=-1)",
             "torch.linalg.vector_norm(mean - reference, 1, dim=-1)",
             f"{UNIT}test_study.py", "deviation"),
    Mutation("grids: a folder keeps to its study", STUDY,
             "if found != about:", "if False:", f"{UNIT}test_study.py", "folder"),
    Mutation("grids: plumes of a part alone", SMOKE,
             "self.states, self.run, part, law)",
             'self.states, self.run, "test", law)', SMOKE_TESTS, "validation"),
    Mutation("grids: other plumes are another study", SMOKE,
             "(mean {chosen.mean():.6g})", "", SMOKE_TESTS, "another"),
    Mutation("grids: plumes hide their place with dropout", SMOKE,
             "dropout=dropout, seed=seed", "seed=seed", SMOKE_TESTS, "dropout"),
    Mutation("grids: figures show values at their cells", FIGURES,
             "cells - np.array(self.drawn.corner)",
             "(cells - np.array(self.drawn.corner))[::-1]", SMOKE_TESTS, "shown"),
    Mutation("grids: figures tell the fixed inputs apart", FIGURES,
             "model.strict()(whole)", "model(whole)", SMOKE_TESTS, "shown"),
    Mutation("grids: weights are chosen at times not trained on", ENVIRONMENT,
             "_at(trained, slice(-n))", "trained", EARTH_TESTS, "parts"),
    Mutation("grids: a time is used once", ENVIRONMENT,
             "if np.isin(other.time, trained.time).any():", "if False:", EARTH_TESTS,
             "times"),
    Mutation("grids: the other region is tested", ENVIRONMENT,
             '"out": self.split.out,', '"out": self.split.test,', EARTH_TESTS,
             "absolute"),
    Mutation("grids: the other region is another", ENVIRONMENT,
             'if self.tasks("out", 0).absolute:', "if False:", EARTH_TESTS, "none"),
    Mutation("grids: fixed inputs reach the outermost cells", ENVIRONMENT,
             "edge - half for edge", "edge + half for edge", EARTH_TESTS, "absolute"),
    Mutation("grids: fixed inputs do not end in time", ENVIRONMENT,
             "(-20.0, 20.0)", "(0.0, 20.0)", EARTH_TESTS, "absolute"),
    Mutation("grids: maps are in degrees Celsius", ENVIRONMENT,
             '"tas": scale.unscale(', '"tas": scale.scale(', EARTH_TESTS, "mapped"),
    Mutation("grids: the unconstrained model has no group", MODELS,
             '"PT-TNP": ("pt_tnp", "none"', '"PT-TNP": ("pt_tnp", "translations"',
             MODEL_TESTS, "group"),
    Mutation("grids: strict models are strict", MODELS,
             '"ConvCNP(T)": ("convcnp", "translations", "strict"',
             '"ConvCNP(T)": ("convcnp", "translations", "approximate"', MODEL_TESTS,
             "group"),
    Mutation("grids: a lattice divides as often as its network halves", MODELS,
             "step = 2 ** (levels - 1)", "step = 1", MODEL_TESTS, "sizes"),
    Mutation("grids: time of the year is in small numbers",
             "apnp/tasks/reanalysis.py", "(since - _MIDDLE_OF_YEAR)", "since",
             "tests/unit/tasks/test_reanalysis_tasks.py", "time"),
    Mutation("regions: they may cross the date line", SELECT,
             "round((east - west) % 360, 4)", "east - west", SELECTED, "region"),
    Mutation("regions: latitudes count", SELECT,
             "& (np.round(lat, 4) <= north)", "", SELECTED, "region"),
    Mutation("regions: targets and context lie there", "apnp/cli/evaluate.py",
             "ds = select_region(ds, args.region)", "pass",
             "tests/unit/cli/test_cli_evaluate.py", "region"),
]
# fmt: on
