"""How a server is run, and what it computes with."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from medsamseg_server.engine.embedding_cache import DEFAULT_MEMORY_BYTES, EmbeddingCache
from medsamseg_server.engine.embedding_folder import DEFAULT_QUOTA, EmbeddingFolder
from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.loaded_networks import DEFAULT_UNLOAD_AFTER_SECONDS, LoadPredictor
from medsamseg_server.serving.group.group import Group, Shares
from medsamseg_server.serving.request_middleware import DEFAULT_UPLOAD_BYTES
from medsamseg_server.serving.service import Service
from medsamseg_server.system import paths
from medsamseg_server.system.places import Place, StoreUrl
from medsamseg_server.volumes.volume_store import DEFAULT_STORE_BYTES, VolumeStore
from medsamseg_server.weights.registry import DEFAULT_MODEL
from medsamseg_server.weights.store import ModelStore


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
        embeddings_folder: where, also in a store; the user's data folder by default.
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
    embeddings_folder: Place | None = None
    nninteractive_sessions: int = 0
    users: Path | None = None
    places: int = 8

    def make_service(self, load_predictor: LoadPredictor | None = None) -> Service:
        """Return what computes; no network is loaded yet."""
        folder = self.embeddings_folder or paths.embeddings_folder()
        cache = EmbeddingCache(self.embedding_memory_bytes, folder, self.embedding_disk_bytes)
        engine = Engine(ModelStore(), cache, self.device, self.model, load_predictor, self.runtime, self.unload_after)
        return Service(engine, VolumeStore(self.volume_bytes))

    def make_group(self, service: Service) -> Group | None:
        """Return the users of a service, watched until ``Group.stop``; None where one token lets everybody in.

        Raises:
            MedSAMSegError: as ``Group``.
        """
        if self.users is None:
            return None
        folder = self.embeddings_folder or paths.embeddings_folder()
        disk = self._disk_quota(folder)
        # Servers with other users may share the folder; each clears away what its own former users left.
        own = folder / f"group-{hashlib.sha256(os.fsencode(self.users.resolve())).hexdigest()[:16]}"
        shares = Shares(self.places, self.volume_bytes, self.embedding_memory_bytes, disk, own)
        group = Group(self.users, service, shares)
        group.watch()
        return group

    def _disk_quota(self, place: Place) -> int:
        """Return the bytes of all users' embeddings beside memory; for a store, which has no quota, any but none."""
        if self.embedding_disk_bytes is not None:
            return self.embedding_disk_bytes
        return DEFAULT_QUOTA if isinstance(place, StoreUrl) else EmbeddingFolder(place).quota
