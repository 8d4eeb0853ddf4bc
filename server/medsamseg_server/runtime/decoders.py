"""Which runtimes can run which kind of decoder."""

from __future__ import annotations

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.models.specification import Decoder, ModelSpecification, SamDecoder, UNetParameters

#: By the very type: a decoder that is derived from SAM's, or whose parts have the same names, computes something else.
RUNTIMES_OF: dict[type[Decoder], tuple[str, ...]] = {
    SamDecoder: ("torch", "openvino"),
    # A specialist has neither an encoder nor a decoder to convert.
    UNetParameters: ("torch",),
}


def can_run(specification: ModelSpecification, runtime: str) -> bool:
    """Return whether ``torch`` or ``openvino`` can run a model's decoder."""
    return runtime in RUNTIMES_OF.get(type(specification.decoder), ())


def require_decoder(specification: ModelSpecification, runtime: str) -> None:
    """Raise ``decoder_unsupported`` unless ``torch`` or ``openvino`` can run a model's decoder."""
    if not can_run(specification, runtime):
        kind = type(specification.decoder).__name__
        message = f"The runtime {runtime} cannot run the decoder of {specification.title} ({kind})."
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT, "decoder_unsupported", message, "Choose another runtime or model."
        )
