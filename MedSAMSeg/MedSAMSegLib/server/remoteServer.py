"""A server on another computer: where it is, kept beside the scene and never in it, and how it is reached."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from MedSAMSegLib.client.serverClient import ServerClient
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.server.dataFolders import homeFolder

FILE_NAME = "remote-server.json"
#: A server that answers at all answers soon; nobody should wait longer to learn that an address is wrong.
ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class RemoteAddress:
    """Where a server is and what opens it.

    :param url: such as ``https://computer:8000``.
    :param token: the secret that it expects.
    :param isInsecureAllowed: whether images may go there unencrypted.
    """

    url: str
    token: str
    isInsecureAllowed: bool = False

    @classmethod
    def load(cls) -> RemoteAddress | None:
        """Return the remembered address, or None."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            return cls(**json.loads((homeFolder() / FILE_NAME).read_text(encoding="utf-8")))
        return None

    def save(self) -> None:
        """Remember it, in a file that its owner alone can read.

        :raises UserError: when the file cannot be written.
        """
        path = homeFolder() / FILE_NAME
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(self), file)
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror}.", "", "no_permission") from error

    @staticmethod
    def forget() -> None:
        """Work with the server of this computer again."""
        with contextlib.suppress(OSError):
            (homeFolder() / FILE_NAME).unlink()

    @property
    def isPrivate(self) -> bool:
        """Whether nobody on the way can read what is sent: encrypted, or within this computer."""
        parts = urlsplit(self.url)
        with contextlib.suppress(ValueError):
            return parts.scheme == "https" or ipaddress.ip_address(parts.hostname or "").is_loopback
        return parts.hostname == "localhost"

    def connect(self) -> ServerClient:
        """Return a client of the server, which has answered.

        :raises UserError: when it cannot be reached, is of another version, or images would travel unencrypted.
        """
        if not (self.isPrivate or self.isInsecureAllowed):
            raise UserError(
                f"Images would travel to {self.url} readable for everyone on the way.",
                "Use https:// or an SSH tunnel, or allow it without encryption.",
                "encryption_required",
            )
        client = ServerClient(self.url, self.token)
        client.health(ANSWER_SECONDS)
        return client


class RemoteServer:
    """Has the face of a :class:`LaunchedServer`, for a server that others start and end.

    :param address: :class:`RemoteAddress`.
    """

    pid = None

    def __init__(self, address: RemoteAddress) -> None:
        self.address = address
        self.isAlive = True

    def stop(self) -> None:
        """Use it no more; it goes on."""
        self.isAlive = False

    kill = stop
