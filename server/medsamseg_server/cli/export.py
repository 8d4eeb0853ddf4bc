"""``medsamseg export``: networks as files for other programs."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from medsamseg_server.cli.output import add_output_options, print_json, say
from medsamseg_server.system.safe_files import ensure_folder, readable_size, refuse_to_replace, write_failure
from medsamseg_server.weights.catalog import get_checkpoint, get_specification
from medsamseg_server.weights.registry import CHECKPOINTS
from medsamseg_server.weights.store import ModelStore

_PROTOCOL_FILE = "protocol.json"
_EPILOG = """\
The folder gets three files:
  encoder.onnx   a slice to its embedding
  decoder.onnx   an embedding and the boxes or points of any number of objects to masks
  protocol.json  what to do before, between and after: sizes, scaling, boxes, threshold,
                 shapes, checksums, license and citation

Both parts are run in ONNX Runtime and compared with the network before anything is kept.
What ONNX cannot hold is not in them: close-ups, votes of several boxes, propagation.

examples:
  medsamseg export onnx litemedsam -o litemedsam-onnx
  medsamseg export onnx my-liver -o viewer/models/my-liver --force
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``export`` with its own commands."""
    parser = subparsers.add_parser(
        "export",
        help="write a network as files for other programs",
        description="Write a network as files for other programs, such as viewers in a browser.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    onnx = commands.add_parser(
        "onnx",
        help="as a pair of ONNX files, with what is to be done round them",
        description="Write a model's encoder and decoder as ONNX files, in single precision, with a description of "
        "what is to be done round them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    onnx.add_argument("model", metavar="MODEL", help=f"one of: {', '.join(CHECKPOINTS)}; or one trained here")
    onnx.add_argument(
        "-o", "--output", metavar="DIR", type=Path, required=True, help="folder for the files; made if it is missing"
    )
    onnx.add_argument("--force", action="store_true", help="replace files of an earlier export")
    add_output_options(onnx)
    onnx.set_defaults(run=run_onnx)


def run_onnx(args: argparse.Namespace) -> int:
    """Write the ONNX pair and its description."""
    specification, checkpoint = get_specification(args.model), get_checkpoint(args.model)
    weights = ModelStore().path(args.model)
    # Imported here because PyTorch takes a second, which a wrong name need not pay.
    from medsamseg_server.exporting import onnx_files
    from medsamseg_server.exporting.protocol import describe_protocol
    from medsamseg_server.weights.loading import load_network

    onnx_files.require_exportable(specification)
    onnx_files.require_export_packages()
    names = (onnx_files.ENCODER_FILE, onnx_files.DECODER_FILE, _PROTOCOL_FILE)
    for name in names:
        refuse_to_replace(args.output / name, args.force)
    ensure_folder(args.output)
    network, weights_sha256 = load_network(specification, weights)
    try:
        # Made and checked elsewhere, so that the folder never holds a half or a wrong export.
        with tempfile.TemporaryDirectory(prefix=".medsamseg-export-", dir=args.output) as temporary:
            made = Path(temporary)
            files = onnx_files.export_network(network, specification.input_size, made)
            protocol = describe_protocol(specification, checkpoint, weights_sha256, files)
            (made / _PROTOCOL_FILE).write_text(json.dumps(protocol, indent=2, ensure_ascii=False) + "\n", "utf-8")
            for name in names:
                (made / name).replace(args.output / name)
    except OSError as error:
        raise write_failure(error, args.output / _PROTOCOL_FILE) from error
    for name in names:
        say(args, f"{args.output / name}  {readable_size((args.output / name).stat().st_size)}")
    checked = files["checked"]
    say(args, f"Checked with {checked['with']}: masks as those of MedSAMSeg, IoU {checked['lowest_iou']:g}.")
    say(args, f"License of the weights: {checkpoint.license}")
    if args.json:
        print_json({"folder": str(args.output), **protocol})
    return 0
