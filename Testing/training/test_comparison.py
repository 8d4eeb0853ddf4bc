"""`medsamseg evaluate --models`: models side by side, with intervals that count cases and not slices."""

import dataclasses
import json

import numpy as np
import pytest

from medsamseg_server.evaluation.comparison import confidence_interval
from medsamseg_server.weights.trained import register_trained


def test_the_interval_is_that_of_the_cases():
    generator = np.random.default_rng(0)
    case_means = generator.normal(0.8, 0.05, 40)
    values = {str(number): [mean] * 30 for number, mean in enumerate(case_means)}
    found = confidence_interval(values)
    error = case_means.std(ddof=1) / np.sqrt(40)
    assert found.mean == pytest.approx(case_means.mean())
    assert (found.cases, found.values) == (40, 1200)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.15)
    assert confidence_interval(values) == found


def test_one_case_has_no_interval():
    found = confidence_interval({"only": [0.5, 0.7]})
    assert (found.mean, found.low, found.high) == (pytest.approx(0.6),) * 3


def test_models_are_put_side_by_side(tiny, save_tiny, tiny_specification, dataset, run, tmp_path):
    other = dataclasses.replace(tiny_specification, name="other")
    register_trained(other, save_tiny, "none", "", {})
    files = {"image": "images/case_1.nii.gz", "labels": "labels/case_1.nii.gz", "targets": {"node": 1}}
    (dataset / "manifest.json").write_text(json.dumps({"cases": [files]}))
    models = ("--models", "tiny,other", "--runtime", "torch")
    arguments = (*models, "--protocol", "gtbox", "--jitter", "5", "--picture", tmp_path / "models.png")
    result = run("evaluate", dataset / "manifest.json", *arguments, "--out", tmp_path / "report.json")
    assert result.status == 0, result.err
    rows = json.loads((tmp_path / "report.json").read_text())["comparison"]
    assert [row["model"] for row in rows] == ["tiny", "other"]
    first, second = rows
    assert first["slice_dice"] == second["slice_dice"], "the same weights"
    assert (first["target"], first["protocol"], first["jitter_percent"]) == ("node", "gtbox", 5)
    lines = [line for line in result.out.splitlines() if line.startswith("gtbox ") and "cases" in line]
    assert len(lines) == len(rows)
    assert (tmp_path / "models.png").read_bytes().startswith(b"\x89PNG")
