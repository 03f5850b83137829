# The commands of the README.
PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
BIN := $(VENV)/bin
# The tests run side by side, a thread each.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest
RUN ?= runs/demo
TRAINED ?= runs/demo-train
SAMPLE := data/us_two_days.nc
BENCH ?= runs/bench.csv
OPEN ?= open_daily.parquet
PRETRAIN ?= runs/pretrain
STATIONS := data/simulated_stations.nc

.PHONY: demo demo-train test test-slow faults mutate check docs bench pretrain clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	@echo "Installing: some two minutes."
	$(BIN)/pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

# The shipped weights on two real days of the United States, scored at stations of
# blocks that no training saw, and one day of the simulated globe.
demo: $(VENV)/installed
	mkdir -p $(RUN)
	for day in 2019-01-22 2011-07-07; do \
	  $(BIN)/python predict.py --stations $(SAMPLE) --time $$day --grid 0.5 \
	    --mask land --output $(RUN)/us_$$day.nc --map $(RUN)/us_$$day.png || exit; \
	done
	$(BIN)/apnp evaluate --checkpoint pretrained --stations $(SAMPLE) --context 400 \
	  --baselines regression_kriging,ordinary_kriging --output $(RUN)/evaluation
	$(BIN)/apnp data simulate --elevation $(RUN)/elevation.nc
	$(BIN)/python predict.py --stations $(STATIONS) --elevation $(RUN)/elevation.nc \
	  --covariates $(RUN)/elevation.nc --time 2021-07-01 --grid 2.0 \
	  --output $(RUN)/globe.nc --map $(RUN)/globe.png

# Interrupted and run again, training resumes.
demo-train: $(VENV)/installed
	if [ -f $(TRAINED)/config.yaml ]; then $(BIN)/python train.py --resume $(TRAINED); \
	  else $(BIN)/python train.py --config configs/demo.yaml --run $(TRAINED); fi
	$(BIN)/apnp data simulate --elevation $(TRAINED)/elevation.nc
	$(BIN)/python predict.py --checkpoint $(TRAINED) --stations $(STATIONS) \
	  --elevation $(TRAINED)/elevation.nc --time 2021-07-01 --grid 1.0 \
	  --output $(TRAINED)/field.nc --map $(TRAINED)/map.png
	$(BIN)/apnp evaluate --checkpoint $(TRAINED) --stations $(STATIONS) --tasks 10
	$(BIN)/apnp evaluate --stations $(STATIONS) --field $(TRAINED)/field.nc

# A process takes neighbouring tests, which share fixtures, and others' when it is done.
test: $(VENV)/installed-test
	$(PYTEST) -n auto --dist worksteal

# Tests that watch or kill processes of their own follow one another (xdist_group).
test-slow: $(VENV)/installed-test
	$(PYTEST) -n 2 --dist loadgroup -m slow

# Every kind of fault in full: see docs/reliability.md.
faults: $(VENV)/installed-test
	APNP_FAULTS=full $(PYTEST) -m slow tests/faults tests/smoke/test_scale.py

$(VENV)/installed-mutate: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[mutate]"
	touch $@

# Mutation scores, of every listed module or of some: MODULE="apnp/nn/setconv.py".
mutate: $(VENV)/installed-mutate
	$(BIN)/python scripts/mutate.py $(MODULE)

check: $(VENV)/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -n auto --dist worksteal

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[docs]"
	touch $@

# The site in docs/_build/html. It needs no network, and a warning is an error.
docs: $(VENV)/installed-docs
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -W -b html docs docs/_build/html

$(VENV)/installed-bench: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[bench]"
	touch $@

# A thread: other work on the machine is then hardly felt in the processor's time.
bench: $(VENV)/installed-bench
	$(BIN)/python benchmarks/waits.py --output $(dir $(BENCH))waits.csv \
	  $(if $(findstring --quick,$(ARGS)),--quick)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/bench.py --output $(BENCH) $(ARGS)
	$(BIN)/python benchmarks/table.py $(BENCH) benchmarks/results/steps.csv
	$(BIN)/python benchmarks/kriging_peers.py $(STATIONS)

# The weights that ship. OPEN is the file of open observations (docs/model_card.md); an
# interrupted run resumes. ARGS adds options, e.g. ARGS="--trainer.max_steps 20".
pretrain: $(VENV)/installed
	if [ -f $(PRETRAIN)_first/config.yaml ]; then \
	  $(BIN)/apnp pretrain --resume $(PRETRAIN)_first $(ARGS); \
	  else $(BIN)/apnp pretrain --config configs/pretrain.yaml --data.path $(OPEN) \
	  --run $(PRETRAIN)_first --simulated 0.1 --altered 0 --edges 0 $(ARGS); fi
	if [ -f $(PRETRAIN)/config.yaml ]; then $(BIN)/apnp pretrain --resume $(PRETRAIN) $(ARGS); \
	  else $(BIN)/apnp pretrain --config configs/pretrain_further.yaml --data.path $(OPEN) \
	  --run $(PRETRAIN) --init-from $(PRETRAIN)_first $(ARGS); fi
	$(BIN)/apnp pretrain --ship $(PRETRAIN) --average-with $(PRETRAIN)_first

clean:
	rm -rf $(VENV) runs build docs/_build docs/notebooks *.egg-info
