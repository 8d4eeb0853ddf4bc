"""Running the server as a process: socket, ready line, token, and the end."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from medsamseg_server import PROTOCOL_VERSION, __version__
from medsamseg_server.engine.embedding_cache import DEFAULT_MEMORY_BYTES, EmbeddingCache
from medsamseg_server.engine.embedding_folder import EmbeddingFolder
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.loaded_networks import DEFAULT_UNLOAD_AFTER_SECONDS, LoadPredictor
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.runtime.choice import check_runtime
from medsamseg_server.serving import contract
from medsamseg_server.serving.app import create_app
from medsamseg_server.serving.group.group import Group, Shares
from medsamseg_server.serving.group.users_file import read_users
from medsamseg_server.serving.listening import check_certificate, listen
from medsamseg_server.serving.request_middleware import DEFAULT_UPLOAD_BYTES
from medsamseg_server.serving.service import Service
from medsamseg_server.serving.token_source import StandardInput, read_token
from medsamseg_server.system import paths
from medsamseg_server.volumes.volume_store import DEFAULT_STORE_BYTES, VolumeStore
from medsamseg_server.weights.catalog import get_checkpoint
from medsamseg_server.weights.registry import DEFAULT_MODEL
from medsamseg_server.weights.store import ModelStore

logger = logging.getLogger(__name__)

# A radiologist thinks between two clicks; opening a connection again would cost more than keeping it.
_KEEP_ALIVE_SECONDS = 600
_FINISH_SECONDS = 10
_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True)
class ServeOptions:
    """How to run the server.

    Attributes:
        host: address or name to listen on.
        port: 0 for any free one.
        model: default model.
        device: ``auto``, ``cuda``, ``mps`` or ``cpu``.
        runtime: ``auto``, ``torch`` or ``openvino``.
        unload_after: seconds without work after which networks are unloaded; 0 for never.
        tls_certificate, tls_key: PEM files; with them the server speaks HTTPS.
        insecure_remote: let other computers in without encryption.
        token_from: ``env:NAME`` or ``stdin``; None makes a token and prints it in the ready line.
        exit_with_stdin: end when standard input closes.
        upload_bytes: longest volume upload.
        volume_bytes: memory for uploaded volumes.
        embedding_memory_bytes: memory for embeddings.
        embedding_disk_bytes: disk space for embeddings; 0 for none, None for what ``medsamseg cache limit`` has set.
        embeddings_folder: where; the user's data folder by default.
        nninteractive_sessions: how many users of nnInteractive's protocol there may be; 0 for no such protocol.
        users: file of users with tokens of their own, in place of the one token; None for that.
        places: how many of them at the same time.
    """

    host: str = "127.0.0.1"
    port: int = 0
    model: str = DEFAULT_MODEL
    device: str = "auto"
    runtime: str = "auto"
    unload_after: float = DEFAULT_UNLOAD_AFTER_SECONDS
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    insecure_remote: bool = False
    token_from: str | None = None
    exit_with_stdin: bool = False
    upload_bytes: int = DEFAULT_UPLOAD_BYTES
    volume_bytes: int = DEFAULT_STORE_BYTES
    embedding_memory_bytes: int = DEFAULT_MEMORY_BYTES
    embedding_disk_bytes: int | None = None
    embeddings_folder: Path | None = None
    nninteractive_sessions: int = 0
    users: Path | None = None
    places: int = 8


def serve(options: ServeOptions, load_predictor: LoadPredictor | None = None) -> int:
    """Run the server until it is asked to end; return the exit status.

    Prints one JSON line on standard output: ``ready`` once it accepts connections, or ``error`` when it cannot start.
    """
    _log_to_stderr()
    stdin = StandardInput()
    try:
        _check_users(options)
        token = read_token(options.token_from, stdin)
        get_checkpoint(options.model)
        _check_device(options.device)
        check_runtime(options.runtime, options.device)
        check_certificate(options.tls_certificate, options.tls_key)
        has_token = token is not None or options.users is not None
        is_private = options.tls_certificate is not None or options.insecure_remote
        listener = listen(options.host, options.port, has_token=has_token, may_be_remote=is_private)
    except MedSAMSegError as error:
        _print_line({"event": "error", "error": contract.Error.of(error).model_dump()})
        return error.kind.exit_status
    return _run(options, stdin, token, listener, load_predictor)


def _run(
    options: ServeOptions,
    stdin: StandardInput,
    token: str | None,
    listener: socket.socket,
    load_predictor: LoadPredictor | None,
) -> int:
    service = _make_service(options, load_predictor)
    group = None
    try:
        group = _make_group(options, service)
        server = _make_server(options, token, listener, service, group)
        if options.exit_with_stdin:
            stdin.when_closed(server.end)
        _end_quietly_when_terminated()
        service.preload()
        server.run(sockets=[listener])
    except SystemExit as ending:
        return int(ending.code or 0)
    finally:
        if group is not None:
            group.stop()
        # A network that is being loaded, or a large slice, would keep Slicer waiting for many seconds.
        if not service.close(_PATIENCE_SECONDS) and options.exit_with_stdin:
            _leave_at_once()
    return 0


def _leave_at_once() -> None:
    """End the process under its threads; what is on disk is whole at every moment."""
    logging.shutdown()
    sys.stderr.flush()
    os._exit(0)


def _make_server(
    options: ServeOptions, token: str | None, listener: socket.socket, service: Service, group: Group | None
) -> _Server:
    host, port = listener.getsockname()[:2]
    ready = {
        "event": "ready",
        "host": host,
        "port": port,
        "scheme": "https" if options.tls_certificate else "http",
        "version": __version__,
        "protocol": PROTOCOL_VERSION,
        "pid": os.getpid(),
        "model": options.model,
        "device": options.device,
    }
    if group is not None:
        ready["users"] = group.users
    elif token is None:
        token = ready["token"] = secrets.token_urlsafe(32)
    config = uvicorn.Config(
        create_app(
            service,
            token or "",
            _own_names(options.host, host),
            options.upload_bytes,
            options.nninteractive_sessions,
            group,
        ),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        ssl_certfile=options.tls_certificate,
        ssl_keyfile=options.tls_key,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_FINISH_SECONDS,
    )
    return _Server(config, service, lambda: _print_line(ready))


def _make_service(options: ServeOptions, load_predictor: LoadPredictor | None) -> Service:
    folder = options.embeddings_folder or paths.embeddings_folder()
    cache = EmbeddingCache(options.embedding_memory_bytes, folder, options.embedding_disk_bytes)
    engine = Engine(
        ModelStore(), cache, options.device, options.model, load_predictor, options.runtime, options.unload_after
    )
    return Service(engine, VolumeStore(options.volume_bytes))


def _make_group(options: ServeOptions, service: Service) -> Group | None:
    if options.users is None:
        return None
    folder = options.embeddings_folder or paths.embeddings_folder()
    disk = EmbeddingFolder(folder).quota if options.embedding_disk_bytes is None else options.embedding_disk_bytes
    # Servers with other users may share the folder; each clears away what its own former users left.
    own = folder / f"group-{hashlib.sha256(os.fsencode(options.users.resolve())).hexdigest()[:16]}"
    shares = Shares(options.places, options.volume_bytes, options.embedding_memory_bytes, disk, own)
    group = Group(options.users, service, shares)
    group.watch()
    return group


def _check_users(options: ServeOptions) -> None:
    if options.users is None:
        return
    if options.token_from is not None:
        message = "--users and --token-from do not go together: with the first, each user has a token."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "users_and_token", message, "Leave one of them out.")
    read_users(options.users)


class _Server(uvicorn.Server):
    """uvicorn, which says when it is ready and ends running streams before it waits for them."""

    def __init__(self, config: uvicorn.Config, service: Service, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._service = service
        self._on_ready = on_ready

    def end(self) -> None:
        """Ask for a graceful end; from any thread."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.stop()
        await super().shutdown(sockets)


def _own_names(asked: str, bound: str) -> set[str]:
    names = {asked.lower(), bound.lower()} - {""}
    if ipaddress.ip_address(bound.partition("%")[0]).is_unspecified:
        names |= {"*", socket.gethostname().lower()}
    return names


def _check_device(device: str) -> None:
    # The other two need no look at the hardware, which would mean to import torch before the server answers.
    if device not in ("auto", "cpu"):
        from medsamseg_server.runtime.torch_runtime import select_device

        select_device(device)


def _end_quietly_when_terminated() -> None:
    """Make SIGTERM a normal end: uvicorn raises it again after it has shut down."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def _log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _print_line(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)
