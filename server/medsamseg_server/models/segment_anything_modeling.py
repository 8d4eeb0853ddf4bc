"""The one place that imports ``segment_anything.modeling``.

``import segment_anything`` also imports torchvision, which the networks do not need and whose PyPI wheel does not load
beside a CPU-only torch. So the subpackage is imported under a bare parent module that only knows the folder: the
parent's ``__init__`` never runs, and ``sys.modules`` is left as it was found, for others to import the whole package.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

_PACKAGE = "segment_anything"


def _import_modeling() -> ModuleType:
    if _PACKAGE in sys.modules:
        return importlib.import_module(f"{_PACKAGE}.modeling")
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.submodule_search_locations is None:
        raise ModuleNotFoundError(f"No package named {_PACKAGE!r}; install it with: pip install segment-anything")
    parent = ModuleType(_PACKAGE)
    parent.__path__ = list(found.submodule_search_locations)
    sys.modules[_PACKAGE] = parent
    try:
        return importlib.import_module(f"{_PACKAGE}.modeling")
    finally:
        del sys.modules[_PACKAGE]


_modeling = _import_modeling()

ImageEncoderViT = _modeling.ImageEncoderViT
LayerNorm2d = sys.modules[f"{_PACKAGE}.modeling.common"].LayerNorm2d
MaskDecoder = _modeling.MaskDecoder
PromptEncoder = _modeling.PromptEncoder
TwoWayTransformer = _modeling.TwoWayTransformer
