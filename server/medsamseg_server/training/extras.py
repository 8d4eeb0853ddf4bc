"""The packages that training needs and the server does not."""

from __future__ import annotations

from importlib.util import find_spec

from medsamseg_server.errors import ErrorKind, MedSAMSegError

_PACKAGES = {"lightning_fabric": "lightning-fabric", "matplotlib": "matplotlib", "monai": "MONAI", "peft": "peft"}


def require_training_packages() -> None:
    """Raise ``train_not_installed`` unless everything that training needs is there."""
    missing = [title for name, title in _PACKAGES.items() if find_spec(name) is None]
    if missing:
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "train_not_installed",
            f"Training needs packages that are not installed: {', '.join(missing)}.",
            "Install them: pip install 'medsamseg-server[train]'",
        )
