"""The command line: ``medsamseg COMMAND``, a file a command; ``command_line`` lists them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, or the status of the error's kind.

    Args:
        argv: the arguments; without them those of this process, which is then ours to the end.
    """
    if argv is not None or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        from medsamseg_server.cli.command_line import run_command

        return run_command(argv)
    # What is imported first takes a moment, in which nothing can be lost: Ctrl+C then just ends the program.
    signal.signal(signal.SIGINT, _stop)
    from medsamseg_server.cli.command_line import commands_in, import_command, run_command

    for command in commands_in(sys.argv[1:]):
        import_command(command)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return run_command()
    except KeyboardInterrupt:
        _stop()
        raise


def _stop(signal_number: int = signal.SIGINT, frame: FrameType | None = None) -> None:
    os.write(2, b"medsamseg: Stopped.\n")
    os._exit(130)
