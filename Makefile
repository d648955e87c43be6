.PHONY: demo test check setup

# Talks to a simulated UR5e, records the episode, checks what moved and shows it.
demo: setup
	.venv/bin/python -m roboact_ros.cli demo

# Style, types, and the tests that drive everything through real processes. These share the machine with whatever else
# runs on it: what failed gets a second try, and a test that fails twice fails.
test: setup check
	.venv/bin/python -m pytest -q || .venv/bin/python -m pytest -q --last-failed --last-failed-no-failures none

check: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

setup:
	@scripts/setup
