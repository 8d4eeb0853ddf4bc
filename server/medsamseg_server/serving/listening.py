"""Where the server listens, and who can reach it there: this computer alone, unless encrypted or told otherwise."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from pathlib import Path

from medsamseg_server.errors import ErrorKind, MedSAMSegError


def listen(host: str, port: int, has_token: bool, may_be_remote: bool = False) -> socket.socket:
    """Return a socket bound to the address; it does not accept yet.

    Raises:
        MedSAMSegError: ``port_invalid``, ``host_unknown``, ``token_required`` or ``encryption_required`` for an address
            that other computers can reach, or ``address_in_use``.
    """
    if not 0 <= port <= 65535:
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "port_invalid", f"{port} is not a port.", "Use 0 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:  # the second for names that no domain can have, such as one of 64 letters
        message = f"'{host}' is not an address of this computer ({error})."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "host_unknown", message, "Use 127.0.0.1.") from error
    if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        _check_remote(host, has_token, may_be_remote)
    listener = socket.socket(family, kind, protocol)
    try:
        # On Windows this option would let two servers share a port; elsewhere it allows a restart without a wait.
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        message = f"Cannot listen on {host}, port {port}: {error.strerror or error}."
        hint = "Choose another port, or 0 for any free one."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "address_in_use", message, hint) from error
    return listener


def check_certificate(certificate: Path | None, key: Path | None) -> None:
    """Check that a certificate and its private key, both PEM files, can be used; nothing to do where neither is given.

    Raises:
        MedSAMSegError: ``tls_incomplete`` or ``tls_unusable``.
    """
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        message = "--tls-certificate and --tls-key go together."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "tls_incomplete", message, "Give both, as PEM files.")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except OSError as error:  # SSLError is one
        message = f"The certificate {certificate} with the key {key} cannot be used: {error}."
        raise MedSAMSegError(ErrorKind.UNREADABLE, "tls_unusable", message, "Give PEM files that fit.") from error


def _check_remote(host: str, has_token: bool, may_be_remote: bool) -> None:
    where = host or "every address"
    if not has_token:
        message = f"Other computers could reach {where}, and no access token was given."
        hint = "Give one with --token-from env:NAME or --token-from stdin, or listen on 127.0.0.1."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "token_required", message, hint)
    if not may_be_remote:
        message = f"Images and the access token would travel to {where} readable for everyone on the way."
        hint = (
            "Give --tls-certificate and --tls-key, or listen on 127.0.0.1 and let an SSH tunnel lead there. "
            "In a network where nobody can listen, --insecure-remote goes without."
        )
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "encryption_required", message, hint)
