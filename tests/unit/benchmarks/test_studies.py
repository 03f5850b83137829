import sys
from pathlib import Path

import pandas as pd
from studies import WRITTEN, main

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"


def test_the_rows_of_one_study_are_replaced(tmp_path, monkeypatch):
    (tmp_path / "studies.csv").write_text(
        "study,model,log_likelihood\ngibbs,A,-0.50\ngibbs,B,-0.60\nsmoke,A,1.2000\n"
    )
    (tmp_path / "studies_runs.csv").write_text("study,model\nsmoke,A\n")
    (tmp_path / "summary.csv").write_text("model,seed_spread,log_likelihood\nA,,-0.4\n")
    (tmp_path / "runs.csv").write_text("model\nA\n")
    arguments = ["studies.py", str(tmp_path), f"gibbs={tmp_path}"]
    monkeypatch.setattr(sys, "argv", arguments)
    main()
    assert (tmp_path / "studies.csv").read_text() == (
        "study,model,log_likelihood\nsmoke,A,1.2000\ngibbs,A,-0.4\n"
    )
    assert (tmp_path / "studies_runs.csv").read_text() == (
        "study,model\nsmoke,A\ngibbs,A\n"
    )


def test_collected_files_have_the_columns_of_a_study():
    for name in WRITTEN.values():
        assert {"study", "model"} <= set(pd.read_csv(RESULTS / name).columns)
