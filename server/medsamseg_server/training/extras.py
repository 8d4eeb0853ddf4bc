"""The packages that training needs and the server does not."""

from __future__ import annotations

from medsamseg_server.system.packages import require_packages

_PACKAGES = {"lightning_fabric": "lightning-fabric", "matplotlib": "matplotlib", "monai": "MONAI", "peft": "peft"}


def require_training_packages() -> None:
    """Raise ``train_not_installed`` unless everything that training needs is there."""
    require_packages(_PACKAGES, "train", "Training", "train_not_installed")
