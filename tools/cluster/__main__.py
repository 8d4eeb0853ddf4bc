"""What a cluster of 1 to 64 machines would make of 10,000 CT scans: simulated, from figures that are measured here.

What the command itself needs for a scan is measured with Ray and work that does nothing. Prints a table, and draws it.
"""

import argparse
import time
from pathlib import Path

from cluster.simulation import Cluster, Load, simulate
from medsamseg_server.cluster.workers import Workers, on_cluster

SCANS = 10_000
NODES = (1, 2, 4, 8, 16, 32, 64)
#: Pieces of work that do nothing, by which the command's own time is measured.
EMPTY_PIECES = 2_000
MEGABYTE, GIGABYTE = 1e6, 1e9


def main():
    """Measure, simulate, print, and draw."""
    arguments = parseArguments()
    load = Load(arguments.scan_mb * MEGABYTE, arguments.result_mb * MEGABYTE, arguments.seconds)
    driverSeconds = driverTime(arguments)
    curves = {}
    for storage in arguments.storage_gb:
        print(f"\nShared folder of {storage:g} GB/s\nmachines  hours   scans/h  busiest")
        curve = curves[storage * GIGABYTE] = {}
        for nodes in NODES:
            cluster = Cluster(
                nodes, arguments.workers, storage * GIGABYTE, arguments.network_gb * GIGABYTE, driverSeconds
            )
            seconds, share, busiest = simulate(cluster, load, SCANS)
            curve[nodes] = (3600 * SCANS / seconds, busiest)
            print(f"{nodes:8}  {seconds / 3600:5.1f}  {curve[nodes][0]:8.0f}  {busiest} ({share:.0%})")
    if arguments.picture:
        # Takes longer to import than the table to make.
        from cluster.picture import drawPicture

        title = f"Simulated: {SCANS:,} scans of {arguments.scan_mb:g} MB, {arguments.seconds:g} s each on one of"
        drawPicture(arguments.picture, curves, f"{title} {arguments.workers} workers a machine")


def driverTime(arguments):
    """:return: seconds that the command needs for a scan: as told, or measured."""
    if arguments.command_ms is not None:
        return arguments.command_ms / 1000
    seconds = measureDriver()
    print(f"The command needs {1000 * seconds:.2f} ms a scan (measured with {EMPTY_PIECES} empty pieces of work)")
    return seconds


def parseArguments():
    """:return: what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, required=True, help="that one worker takes for a scan")
    parser.add_argument("--workers", type=int, default=8, help="on each machine (default: 8, of two cores each)")
    parser.add_argument("--scan-mb", type=float, default=60, help="of a scan's files (default: 60)")
    parser.add_argument("--result-mb", type=float, default=0.5, help="of its results (default: 0.5)")
    parser.add_argument("--storage-gb", type=float, nargs="+", default=[0.125, 1.25], help="per second, of the folder")
    parser.add_argument("--network-gb", type=float, default=0.125, help="per second, of a machine (default: 0.125)")
    parser.add_argument("--command-ms", type=float, help="that the command needs for a scan (default: it is measured)")
    parser.add_argument("--picture", type=Path, metavar="PNG", help="draw the table")
    return parser.parse_args()


def measureDriver():
    """:return: seconds that the command needs for a piece of work, beside what workers do."""
    pieces = on_cluster(int, range(EMPTY_PIECES), Workers(count=1))
    next(pieces)
    started = time.perf_counter()
    for _piece in pieces:
        pass
    return (time.perf_counter() - started) / (EMPTY_PIECES - 1)


if __name__ == "__main__":
    main()
