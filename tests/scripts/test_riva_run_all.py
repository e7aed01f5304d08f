"""000, which runs the steps in their order: here steps that only note that they ran."""

from __future__ import annotations

import pytest

from tests.support.server_scripts import ServerScripts

_STEP = """#!/usr/bin/env bash
# {number}: notes that it ran.
# Runs: {when}
set -euo pipefail
. "$(dirname "${{BASH_SOURCE[0]}}")/riva-common-functions.sh"
load_config() {{ :; }}
validate_prerequisites() {{ :; }}
perform_operation() {{ if will "note"; then echo {number} >>"$ROOT/ran"; fi; }}
validate_results() {{ [ ! -e "$ROOT/broken-{number}" ]; }}
run_step "$@"
"""


@pytest.fixture
def steps(server_scripts: ServerScripts) -> ServerScripts:
    """Steps of both places, and one that runs by hand."""
    for script in (server_scripts.root / "scripts").glob("riva-[0-9]*.sh"):
        if "-000-" not in script.name:
            script.unlink()
    for number, when in {
        "005": "always",
        "015": "aws",
        "040": "always",
        "100": "host",
        "130": "always",
        "210": "by hand",
    }.items():
        path = server_scripts.root / "scripts" / f"riva-{number}-note.sh"
        path.write_text(_STEP.format(number=number, when=when), encoding="utf-8")
    return server_scripts


def _ran(steps: ServerScripts) -> list[str]:
    ran = steps.root / "ran"
    lines = ran.read_text(encoding="utf-8").split() if ran.exists() else []
    ran.unlink(missing_ok=True)
    return lines


@pytest.mark.slow
def test_steps_of_the_place_run_in_their_order(steps: ServerScripts) -> None:
    assert "Next: scripts/riva-015-note.sh" in steps.must("000")
    assert _ran(steps) == ["005", "015", "040", "130"]
    steps.must("000", DEPLOY_ON="host")
    assert _ran(steps) == ["005", "040", "100", "130"]
    steps.must("000", "--from", "15", "--to", "040")
    assert _ran(steps) == ["015", "040"]
    shown = steps.must("000", "--from", "5", "--to", "15")
    assert shown.endswith("Next: scripts/riva-000-run-all.sh --from 040\n")
    assert _ran(steps) == ["005", "015"]
    shown = steps.must("000", "--from", "130", "--to", "140")
    assert "Never run for this .env: 040." in shown
    assert shown.endswith("Next: scripts/riva-220-status.sh\n")
    assert _ran(steps) == ["130"]
    shown = steps.must("000", "--from", "100", "--to", "120", DEPLOY_ON="host")
    assert shown.endswith("Next: scripts/riva-000-run-all.sh --from 130\n")
    assert _ran(steps) == ["100"]
    steps.must("000", "--dry-run")
    assert _ran(steps) == []
    refused = steps.refused("000", "--from", "100", "--to", "15")
    assert "there is no step between them" in refused


def test_dry_run_goes_on_where_a_step_needs_what_an_earlier_one_makes(
    steps: ServerScripts,
) -> None:
    step = steps.root / "scripts" / "riva-015-note.sh"
    text = step.read_text(encoding="utf-8")
    step.write_text(
        text.replace("load_config() { :; }", "load_config() { need RIVA_HOST; }"), encoding="utf-8"
    )
    shown = steps.must("000", "--dry-run", DEPLOY_ON="aws", RIVA_HOST="")
    assert "Not foreseen: 015." in shown
    assert shown.count("Would: note") == 3
    assert _ran(steps) == []


def test_only_steps_of_the_chosen_engine_run(steps: ServerScripts) -> None:
    for number, when in {"055": "nim", "070": "quickstart", "080": "nim quickstart"}.items():
        path = steps.root / "scripts" / f"riva-{number}-note.sh"
        path.write_text(_STEP.format(number=number, when=when), encoding="utf-8")
    steps.must("000", "--from", "41", "--to", "099")
    assert _ran(steps) == ["055", "080"]
    steps.must("000", "--from", "41", "--to", "099", RIVA_ENGINE="quickstart")
    assert _ran(steps) == ["070", "080"]
    steps.must("000", "--from", "41", "--to", "099", RIVA_ENGINE="nemo")
    assert _ran(steps) == []


def test_what_the_first_step_chooses_holds_for_those_after_it(steps: ServerScripts) -> None:
    step = steps.root / "scripts" / "riva-005-note.sh"
    step.write_text(
        step.read_text(encoding="utf-8").replace("if will", "keep DEPLOY_ON host; if will"),
        encoding="utf-8",
    )
    steps.must("000")
    assert _ran(steps) == ["005", "040", "100", "130"]
    # What the environment says comes before the file, in the steps, too.
    step = steps.root / "scripts" / "riva-040-note.sh"
    step.write_text(
        step.read_text(encoding="utf-8").replace("echo 040", "echo $DEPLOYMENT_ID"),
        encoding="utf-8",
    )
    steps.must("000", "--from", "40", "--to", "40", DEPLOYMENT_ID="other")
    assert _ran(steps) == ["other"]


def test_first_failure_stops_the_run_and_resume_goes_on_there(steps: ServerScripts) -> None:
    broken = steps.root / "broken-040"
    broken.touch()
    shown = steps.refused("000")
    assert "Step 040 failed." in shown
    assert "riva-000-run-all.sh --resume" in shown
    assert _ran(steps) == ["005", "015", "040"]
    broken.unlink()
    steps.must("000", "--resume")
    assert _ran(steps) == ["040", "130"]
    assert "All steps are done" in steps.must("000", "--resume")
    assert _ran(steps) == []
    listed = [line.split() for line in steps.must("000", "--list").splitlines() if "-note" in line]
    assert [line[0] for line in listed if len(line) == 2] == [
        f"riva-{number}-note" for number in ("005", "015", "040", "130")
    ]
    assert _ran(steps) == []


def test_what_follows_a_step_that_ran_again_counts_as_not_done(steps: ServerScripts) -> None:
    steps.must("000")
    (steps.root / "broken-015").touch()
    steps.refused("000", "--from", "5")
    (steps.root / "broken-015").unlink()
    _ran(steps)
    steps.must("000", "--resume")
    assert _ran(steps) == ["015", "040", "130"]
