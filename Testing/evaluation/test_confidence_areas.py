"""How well confidence finds bad slices: pooled and within each group, in every form of the report."""

import json

from evaluation_scans import bar

from medsamseg_server.cli import main
from medsamseg_server.evaluation.html import make_html
from medsamseg_server.evaluation.metrics import Extent
from medsamseg_server.evaluation.protocols import Jitter
from medsamseg_server.evaluation.report import make_report
from medsamseg_server.evaluation.runner import Setup, SliceScore, TargetScore


def target(group, *slices):
    """An object whose slices have these Dice coefficients and confidences."""
    scores = tuple(SliceScore(n, dice, 50, 50, "propagated", sure) for n, (dice, sure) in enumerate(slices))
    extent = Extent(len(scores), len(scores), 0, 0, 0)
    return TargetScore(f"{group} 1", "lesion", 0.8, 0.8, extent, 0, 0, 1, 1, 1, (), scores, group)


# Within PET low confidence says nothing, within CT all; CT's slices are the surer ones, so that pooled it looks well.
SCORES = {
    Setup("litemedsam", "tracking", Jitter()): {
        "propagate": [
            target("PET", (0.5, 0.3), (0.9, 0.2), (0.4, 0.2), (0.9, 0.3)),
            target("CT", (0.6, 0.5), (0.9, 0.9)),
            target("CT", (0.9, 0.9), (0.9, 0.8)),
            target("MR", (0.9, 0.9)),
        ]
    }
}


def test_each_group_is_reported_beside_all_together():
    confidence = make_report(SCORES, {})["protocols"]["propagate"]["confidence"]
    assert (confidence["bad_slices"], confidence["slices"]) == (3, 9)
    assert confidence["roc_area"] > 0.75
    assert confidence["by_group"] == {
        "PET": {"roc_area": 0.5, "bad_slices": 2, "slices": 4},
        "CT": {"roc_area": 1, "bad_slices": 1, "slices": 4},
        "MR": {"roc_area": None, "bad_slices": 0, "slices": 1},
    }


def test_page_names_each_group_that_has_bad_slices():
    page = make_html(SCORES, {}, {"manifest": "dev.json"})
    assert "the 3 of 9 slices under 0.7" in page
    assert "by group (bad slices): PET 0.500 (2), CT 1.000 (1)<" in page


def test_groups_come_from_the_manifest(make_manifest, fake_network, tmp_path, capsys):
    for given, group in (({"group": "CT"}, "CT"), ({}, "scan")):
        out = tmp_path / "report.json"
        manifest = make_manifest(**given)
        assert main(["evaluate", str(manifest), "--protocol", "propagate", "--jitter", "0", "--out", str(out)]) == 0
        found = json.loads(out.read_text())["protocols"]["propagate"]
        assert (list(found["confidence"]["by_group"]), found["targets"][0]["group"]) == ([group], group)
    assert "confidence finds" not in capsys.readouterr().out


def test_terminal_names_the_group_that_confidence_serves_least(make_manifest, fake_network, tmp_path, capsys):
    cases = []
    # The bar is wider on slice 4, so that its neighbor's mask differs there and confidence is lower than on slice 7.
    for group, bad in (("well", 4), ("badly", 7)):
        labels = bar() // 200 * 7
        labels[bad, 10:16] = 0
        (case,) = json.loads(make_manifest(labels=labels).read_text())["cases"]
        (tmp_path / "labels.nrrd").rename(tmp_path / f"{group}.nrrd")
        cases.append({**case, "labels": f"{group}.nrrd", "group": group})
    manifest, out = tmp_path / "manifest.json", tmp_path / "report.json"
    manifest.write_text(json.dumps({"cases": cases}))
    assert main(["evaluate", str(manifest), "--protocol", "propagate", "--jitter", "0", "--out", str(out)]) == 0
    found = json.loads(out.read_text())["protocols"]["propagate"]["confidence"]
    least = found["by_group"]["badly"]["roc_area"]
    assert least < found["by_group"]["well"]["roc_area"]
    expected = f"confidence finds bad slices: {found['roc_area']:.3f} (least: {least:.3f}, badly)"
    assert expected in capsys.readouterr().out
