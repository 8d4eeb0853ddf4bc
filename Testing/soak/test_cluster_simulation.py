"""The simulation behind docs/cluster.md, where what it has to give is plain."""

import sys

import pytest
from cluster.simulation import Cluster, Load, simulate

FREE = {"storageBytesPerSecond": 1e18, "nodeBytesPerSecond": 1e18, "driverSeconds": 0}
NOTHING = Load(scanBytes=0, resultBytes=0, computeSeconds=0)


def test_workers_share_the_scans():
    seconds, share, busiest = simulate(Cluster(4, 2, **FREE), Load(1, 1, computeSeconds=10), 80)
    assert (seconds, share, busiest) == (pytest.approx(100), pytest.approx(1), "workers")


@pytest.mark.parametrize(
    "limit, seconds, busiest",
    [
        # 8 scans of 3 bytes read and 1 written, 2 a second over the shared folder.
        ({"storageBytesPerSecond": 2}, 16, "storage"),
        # Four machines each move 2 scans of 4 bytes, one a second.
        ({"nodeBytesPerSecond": 1}, 8, "network"),
        ({"driverSeconds": 3}, 24, "command"),
    ],
)
def test_what_all_share_sets_the_pace(limit, seconds, busiest):
    cluster = Cluster(4, 2, **{**FREE, **limit})
    found = simulate(cluster, Load(scanBytes=3, resultBytes=1, computeSeconds=0), 8)
    assert found == (pytest.approx(seconds), pytest.approx(1), busiest)


def test_a_result_that_is_written_later_does_not_keep_an_earlier_scan_waiting():
    cluster = Cluster(1, 2, **{**FREE, "storageBytesPerSecond": 1})
    seconds, _, _ = simulate(cluster, Load(scanBytes=1, resultBytes=1, computeSeconds=100), 2)
    assert seconds == pytest.approx(103)


def test_the_table_is_printed_and_drawn_without_Ray(monkeypatch, capsys, tmp_path):
    # Here because of matplotlib, which is not for every process that collects the test.
    from cluster import __main__ as program

    picture = tmp_path / "cluster.png"
    options = ("--seconds", "40", "--storage-gb", "0.125", "--command-ms", "2.4", "--picture", str(picture))
    monkeypatch.setattr(program, "SCANS", 100)
    monkeypatch.setattr(sys, "argv", ["cluster", *options])
    program.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["Shared folder of 0.125 GB/s", "machines  hours   scans/h  busiest"]
    assert [int(line.split()[0]) for line in lines[3:]] == [1, 2, 4, 8, 16, 32, 64]
    assert picture.read_bytes().startswith(b"\x89PNG")
