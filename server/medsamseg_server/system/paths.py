"""Where weights and caches live on this computer."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

#: Environment variable that moves everything below one folder of the user's choice.
HOME_VARIABLE = "MEDSAMSEG_HOME"


def home() -> Path:
    """Return the folder of all MedSAMSeg data: ``$MEDSAMSEG_HOME``, or the platform's user data folder."""
    override = os.environ.get(HOME_VARIABLE)
    return Path(override).expanduser() if override else Path(platformdirs.user_data_dir("MedSAMSeg", appauthor=False))


def weights_folder() -> Path:
    """Return the folder of downloaded and imported model weights."""
    return home() / "weights"


def embeddings_folder() -> Path:
    """Return the folder of the on-disk embedding cache."""
    return home() / "embeddings"


def networks_folder() -> Path:
    """Return the folder of networks that were converted for this computer's processor."""
    return home() / "networks"
