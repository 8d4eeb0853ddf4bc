"""Running the server as a process."""

from __future__ import annotations

import logging
import os
import sys

from medsamseg_server.engine.loaded_networks import LoadPredictor
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.serving.app import create_app
from medsamseg_server.serving.door import (
    Door,
    HttpServer,
    end_quietly_when_terminated,
    log_to_stderr,
    print_line,
    refused,
)
from medsamseg_server.serving.group.group import Group
from medsamseg_server.serving.serve_options import ServeOptions
from medsamseg_server.serving.service import Service

# What takes longer to compute is left: whoever closes Slicer waits for it.
_PATIENCE_SECONDS = 0.1


def serve(options: ServeOptions, load_predictor: LoadPredictor | None = None) -> int:
    """Run the server until it is asked to end; return the exit status.

    Prints one JSON line on standard output: ``ready`` once it accepts connections, or ``error`` when it cannot start.
    """
    log_to_stderr()
    try:
        _check_device(options.device)
        door = Door.open(options)
    except MedSAMSegError as error:
        return refused(error)
    return _run(door, load_predictor)


def _run(door: Door, load_predictor: LoadPredictor | None) -> int:
    options = door.options
    service = options.make_service(load_predictor)
    group = None
    status = 0
    try:
        group = options.make_group(service)
        server = _make_server(door, service, group)
        if options.exit_with_stdin:
            door.stdin.when_closed(server.end)
        end_quietly_when_terminated()
        service.preload()
        server.run(sockets=[door.listener])
    except SystemExit as ending:
        status = int(ending.code or 0)
    finally:
        if group is not None:
            group.stop()
        service.close(_PATIENCE_SECONDS)
    if options.exit_with_stdin:
        _leave_at_once(status)
    return status


def _leave_at_once(status: int) -> None:
    """End the process under its threads: a network that is being loaded, or a large slice, would keep Slicer waiting
    for many seconds. What is on disk is whole at every moment.
    """
    logging.shutdown()
    sys.stderr.flush()
    os._exit(status)


def _make_server(door: Door, service: Service, group: Group | None) -> HttpServer:
    ready = door.ready_line(**({} if group is None else {"users": group.users}))
    options = door.options
    app = create_app(service, door.token, door.hosts, options.upload_bytes, options.nninteractive_sessions, group)
    return HttpServer(door.config(app), lambda: print_line(ready), service.stop)


def _check_device(device: str) -> None:
    # The other two need no look at the hardware, which would mean to import torch before the server answers.
    if device not in ("auto", "cpu"):
        from medsamseg_server.runtime.torch_runtime import select_device

        select_device(device)
