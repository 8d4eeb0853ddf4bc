"""`medsamseg evaluate`, with a network that finds what is bright in the box."""

import base64
import json
import re

import cv2
import numpy as np
import pytest
from evaluation_scans import bar

from medsamseg_server.cli import main
from medsamseg_server.evaluation.pictures import MASK_COLOR, REFERENCE_COLOR

pytestmark = pytest.mark.usefixtures("fake_network")


def evaluate(manifest, tmp_path, *options):
    out = tmp_path / "report.json"
    assert main(["evaluate", str(manifest), "--out", str(out), "--quiet", *options]) == 0
    return json.loads(out.read_text())


def refusal(capsys, *arguments):
    assert main(["evaluate", *map(str, arguments), "--json"]) != 0
    return json.loads(capsys.readouterr().out)["error"]["code"]


def test_report_has_the_protocols_with_means_and_targets(make_manifest, tmp_path):
    report = evaluate(make_manifest(), tmp_path, "--protocol", "gtbox,propagate,propagate_zrange,keyframes:3")
    assert list(report["protocols"]) == ["gtbox", "propagate", "propagate_zrange", "keyframes:3"]
    found = report["protocols"]["gtbox"]
    assert (found["mean_dice"], found["mean_nsd"], found["standard_error_dice"]) == (1, 1, None)
    (target,) = found["targets"]
    assert target["name"] == "scan/bar"
    assert (target["slices"], target["found"], target["missed"], target["boxes"]) == (8, 8, 0, 8)
    assert (target["encoder_calls"], target["decoder_calls"]) == (8, 8)
    assert [part["index"] for part in target["per_slice"]] == list(range(2, 10))
    assert {part["provenance"] for part in target["per_slice"]} == {"box"}
    assert report["protocols"]["propagate"]["targets"][0]["boxes"] == 1


def test_reference_is_always_beside(make_manifest, tmp_path):
    report = evaluate(make_manifest(), tmp_path, "--protocol", "propagate")
    tight = [run["method"] for run in report["runs"] if run["jitter_percent"] == 0]
    assert tight[0] == report["method"]
    assert "reference" in tight
    assert report["protocols"] == report["runs"][0]["protocols"]


def test_tight_and_jittered_boxes_are_measured(make_manifest, tmp_path):
    report = evaluate(make_manifest(), tmp_path, "--method", "reference", "--protocol", "gtbox", "--seed", "5")
    assert [(run["jitter_percent"], run["seed"]) for run in report["runs"]] == [(0, 5), (5, 5)]
    only = evaluate(make_manifest(), tmp_path, "--method", "reference", "--protocol", "gtbox", "--jitter", "10")
    assert [run["jitter_percent"] for run in only["runs"]] == [10]


def test_overshoot_and_missed_slices_are_counted(make_manifest, tmp_path):
    labels = bar() // 200 * 7
    # The reference says that the object ends on slice 7, and that it has a slice 11 that nobody can see.
    labels[8:] = 0
    labels[10, 25:30, 25:30] = 7
    report = evaluate(make_manifest(labels=labels), tmp_path, "--method", "reference", "--protocol", "propagate")
    (target,) = report["protocols"]["propagate"]["targets"]
    assert (target["slices"], target["found"], target["missed"]) == (7, 6, 1)
    wrong = {part["index"]: part["dice"] for part in target["per_slice"] if part["dice"] < 0.5}
    assert wrong == {8: 0, 9: 0, 10: 0}
    assert target["dice"] < 1


def test_other_axis_and_anisotropic_voxels(make_manifest, tmp_path):
    turned = np.ascontiguousarray(np.moveaxis(bar(), 0, 2))
    manifest = make_manifest(scan=turned, labels=turned // 200 * 7, axis=2)
    report = evaluate(manifest, tmp_path, "--method", "reference", "--protocol", "propagate_zrange")
    (target,) = report["protocols"]["propagate_zrange"]["targets"]
    assert (target["slices"], target["encoder_calls"]) == (8, 8)
    assert target["dice"] > 0.9


def test_three_planes_are_for_all_but_the_published_recipe(make_manifest, tmp_path):
    """The bar is seen from the side on 10 slices, and on 12."""
    options = ["--protocol", "gtbox,propagate", "--jitter", "0", "--planes"]
    flat, deep = (evaluate(make_manifest(), tmp_path, *options, planes) for planes in ("1", "3"))
    assert (flat["planes"], deep["planes"]) == (1, 3)
    more = [
        {
            name: after["protocols"][name]["targets"][0]["decoder_calls"] - found["targets"][0]["decoder_calls"]
            for name, found in before["protocols"].items()
        }
        for before, after in zip(flat["runs"], deep["runs"], strict=True)
    ]
    assert [run["method"] for run in deep["runs"]] == ["tracking", "reference"]
    assert more == [{"gtbox": 0, "propagate": 22}, {"gtbox": 0, "propagate": 0}]


def test_html_has_tables_and_pictures_with_both_outlines(make_manifest, tmp_path):
    labels = bar() // 200 * 7
    labels[5, 10:20, 8:12] = 0
    page = tmp_path / "report.html"
    evaluate(make_manifest(labels=labels), tmp_path, "--protocol", "propagate_zrange", "--html", str(page))
    text = page.read_text(encoding="utf-8")
    assert "scan/bar, slice 5: Dice 0.75" in text
    picture = re.search(r"base64,([^']+)'", text)[1]
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(picture), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    for color in (REFERENCE_COLOR, MASK_COLOR):
        assert (pixels == color).all(axis=2).any()
    assert "src='http" not in text


def test_summary_is_printed(make_manifest, capsys):
    assert main(["evaluate", str(make_manifest()), "--protocol", "gtbox", "--method", "reference"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "reference, litemedsam, tight boxes"
    assert re.search(r"gtbox +Dice 1\.000   surface Dice 1\.000", lines[1])
    assert lines[2] == "reference, litemedsam, boxes up to 5 % too large"


def test_wrong_use_is_told(make_manifest, tmp_path, capsys):
    manifest = make_manifest()
    assert refusal(capsys, tmp_path / "none.json") == "manifest_missing"
    (tmp_path / "scan.json").write_bytes(b"\x8b\xff")
    assert main(["evaluate", str(tmp_path / "scan.json")]) == 4
    assert "cannot be read: it is no text.\n  Give a file of JSON" in capsys.readouterr().err
    assert refusal(capsys, manifest, "--protocol", "magic") == "protocol_unknown"
    assert refusal(capsys, manifest, "--method", "magic") == "method_unknown"
    assert refusal(capsys, manifest, "--model", "magic") == "model_unknown"
    assert refusal(capsys, manifest, "--jitter", "much") == "jitter_invalid"
    assert refusal(capsys, make_manifest(targets={"bar": 3}), "--protocol", "gtbox") == "target_missing"
    assert refusal(capsys, make_manifest(labels=bar()[:5]), "--protocol", "gtbox") == "labels_differ"


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        '{"cases": []}',
        '{"cases": [{"image": "a", "labels": "b"}]}',
        '{"cases": [{"image": "a", "labels": "b", "targets": {}}]}',
        '{"cases": [{"image": "a", "labels": "b", "targets": {"x": "1"}}]}',
        '{"cases": [{"image": "a", "labels": "b", "targets": {"x": 1}, "axes": 1}]}',
        '{"cases": [{"image": "a", "labels": "b", "targets": {"x": 1}, "axis": 3}]}',
        '{"cases": [{"image": 5, "labels": "b", "targets": {"x": 1}}]}',
        "{",
        "[" * 100_000,
        '{"cases": [' + "1" * 5_000 + "]}",
    ],
    ids=lambda content: content[:80],
)
def test_malformed_manifest_is_told(tmp_path, capsys, content):
    path = tmp_path / "manifest.json"
    path.write_text(content)
    assert refusal(capsys, path) == "manifest_malformed"
