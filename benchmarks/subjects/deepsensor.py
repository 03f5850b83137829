"""DeepSensor: a ConvNP of neuralprocesses between tables and fields."""

import logging
from dataclasses import dataclass

import deepsensor.torch  # noqa: F401  chooses the backend
import numpy as np
import pandas as pd
import xarray as xr
from cases import Case, Points
from deepsensor.data import DataProcessor, TaskLoader
from deepsensor.model import ConvNP

from subjects.subject import Subject, Work

FIRST = "2020-01-01"


@dataclass(frozen=True)
class DeepSensor(Subject):
    """Its ConvNP with a lattice of the case's size and its default U-Net."""

    name: str = "deepsensor"
    package: str = "deepsensor"

    def does(self, case: Case) -> bool:
        """Prediction with a ConvCNP from one table of stations."""
        return case.model == "convcnp" and not case.trained

    def setup(self, case: Case, points: Points) -> Work:
        """Processor, loader, model and task."""
        logging.getLogger().setLevel(logging.ERROR)
        days = pd.date_range(FIRST, periods=case.tasks)
        x1, x2 = points.xc.double().numpy().reshape(-1, 2).T
        y = points.yc.double().numpy().ravel()
        table = pd.DataFrame(
            {"time": days.repeat(case.context), "x1": x1, "x2": x2, "y": y}
        ).set_index(["time", "x1", "x2"])
        processor = DataProcessor(x1_map=(0, 1), x2_map=(0, 1))
        normalised = processor(table)
        loader = TaskLoader(context=normalised, target=normalised)
        model = ConvNP(
            processor, loader, likelihood="cnp",
            internal_density=case.lattice - 3, verbose=False,
        )  # fmt: skip
        tasks = loader(days, "all", "all")
        if points.axes:
            rows, columns = (axis.double().numpy() for axis in points.axes)
            wanted = xr.DataArray(
                np.zeros((len(rows), len(columns))),
                coords={"x1": rows, "x2": columns}, dims=("x1", "x2"),
            )  # fmt: skip
        else:
            wanted = points.xt[0].double().numpy().T
        count = sum(p.numel() for p in model.model.parameters())
        return Work(count, predict=lambda: model.predict(tasks, X_t=wanted))


SUBJECTS = [DeepSensor()]
