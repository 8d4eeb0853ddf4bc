"""``medsamseg propose``: the objects of a slice that nobody has pointed at."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from medsamseg_server.cli.engine_options import add_computer_options, add_model_option, add_window_option, make_engine
from medsamseg_server.cli.output import add_output_options, print_json, say, shows_progress, warn
from medsamseg_server.cli.prompt_arguments import slice_index
from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.weights.catalog import get_specification
from medsamseg_server.weights.registry import DEFAULT_PROPOSER
from medsamseg_server.weights.store import ModelStore

if TYPE_CHECKING:
    from medsamseg_server.engine.engine import Engine
    from medsamseg_server.engine.proposals import Proposal, ProposalOptions
    from medsamseg_server.engine.slice_request import SliceRequest
    from medsamseg_server.image_io.image import Image

_EPILOG = """\
SAM's automatic mode: a grid of points, of whose masks those are kept that the
model thinks good, that are stable, and that no better one has the box of. The
defaults are those of segment-anything's SamAutomaticMaskGenerator.

MedSAM and LiteMedSAM learned one mask for a box and cannot do this.
Proposals are a start: look at each before you use it.

examples:
  medsamseg propose photo.png -o proposals.png --overlay proposals-shown.png
  medsamseg propose chest.nrrd --slice 24 --window lung -o proposals.seg.nrrd
  medsamseg propose endoscopy.mp4 --slice 120 -o frame.seg.nrrd --json

For research; not a medical device.
"""
# Proposals that are listed for people.
_LISTED = 12


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command ``propose``."""
    parser = subparsers.add_parser(
        "propose",
        help="propose the objects of a slice, a picture or a frame, without a box",
        description="Propose the objects of one slice, picture or frame, without a box.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "image", metavar="IMAGE", type=Path, help="NRRD, NIfTI or MetaImage file, a DICOM folder, a picture, or a film"
    )
    parser.add_argument(
        "--output",
        "-o",
        metavar="OUT",
        type=Path,
        required=True,
        help=".seg.nrrd (Slicer segmentation, in which proposals may overlap), or .nrrd, .nii.gz, .nii or .mha"
        " (labelmap), of a picture .png or .tif: there the smaller of two lies on the larger",
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--overlay", metavar="OUT.png", type=Path, help="draw the proposals into the slice")
    parser.add_argument("--series", metavar="UID", help="which series of a DICOM folder; UID:N for one of its volumes")
    parser.add_argument("--slice", metavar="N", type=int, help="index of the slice, or of the film's frame")
    parser.add_argument(
        "--axis", type=int, choices=(0, 1, 2), default=0, help="array axis across the slices (default: %(default)s)"
    )
    rules = parser.add_argument_group("what is asked, and kept")
    rules.add_argument("--points", metavar="N", type=int, default=32, help="points along a side (default: %(default)s)")
    for option, default, text in (
        ("quality", 0.88, "least IoU that the model predicts for its mask"),
        ("stability", 0.95, "least stability: area at a stricter threshold over area at a looser one"),
        ("overlap", 0.7, "most IoU of the boxes of two proposals"),
    ):
        rules.add_argument(f"--{option}", metavar="Q", type=float, default=default, help=f"{text} (default: {default})")
    model = parser.add_argument_group("how they are found")
    add_window_option(model)
    add_model_option(model, "mobilesam or sam", DEFAULT_PROPOSER)
    add_computer_options(model)
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Propose the objects of a slice."""
    from medsamseg_server.cli.proposal_files import check_proposal_output, write_overlay, write_proposals
    from medsamseg_server.engine.proposals import ProposalOptions, require_proposer
    from medsamseg_server.engine.slice_request import SliceRequest
    from medsamseg_server.image_io.segmentations import check_can_hold
    from medsamseg_server.volumes.volume import Volume

    options = ProposalOptions(args.points, args.quality, args.stability, most_overlap=args.overlap)
    options.check()
    check_proposal_output(args.image, args.output, args.overlay, args.force)
    require_proposer(get_specification(args.model))
    store = ModelStore()
    store.path(args.model)
    image, index = _read(args)
    volume = Volume.from_array(image.array)
    check_can_hold(args.output, volume.shape[0])
    request = SliceRequest(volume, args.axis, index, args.window, args.model)
    # What is wrong with the slice or the window is told before the network is loaded.
    _ = request.image_size, request.intensities
    engine = make_engine(args, store)
    proposals, found_how = _search(args, engine, request, options)
    written = write_proposals(args.output, proposals, request, image.place)
    if args.overlay is not None:
        write_overlay(args.overlay, written.shapes, request, image)
    notes = [*image.notes, *volume.notes, *written.notes]
    for note in notes:
        warn(note)
    summary = {
        "output": str(args.output),
        "axis": args.axis,
        "slice": index if args.slice is None else args.slice,
        "proposals": [
            {"name": name, "label": written.labels.get(name), **_as_json(each)} for name, each in written.named.items()
        ],
        **found_how,
        "warnings": notes,
    }
    _report(args, summary)
    return 0


def _read(args: argparse.Namespace) -> tuple[Image, int]:
    """Return the image, of a film the frame alone, and the index of the slice in it."""
    from medsamseg_server.image_io.film_names import is_film
    from medsamseg_server.image_io.reading import read_image

    index = slice_index(args)
    if index is None:
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "usage", "--slice is missing.", "Give the number of the slice.")
    if is_film(args.image):
        return _frame(args.image, index, args.axis), 0
    return read_image(args.image, args.series), index


def _frame(path: Path, index: int, axis: int) -> Image:
    from medsamseg_server.image_io.dicom_films import open_film
    from medsamseg_server.image_io.films import FilmVolume
    from medsamseg_server.image_io.image import NO_PLACE, Image

    with open_film(path) as film:
        pixels = FilmVolume(film).slice(axis, index)
        return Image(pixels[None].copy(), NO_PLACE)


def _as_json(proposal: Proposal) -> dict[str, Any]:
    return {
        "box": proposal.box,
        "area_pixels": proposal.area,
        "quality": round(proposal.quality, 4),
        "stability": round(proposal.stability, 4),
        "point": proposal.point,
    }


def _search(
    args: argparse.Namespace, engine: Engine, request: SliceRequest, options: ProposalOptions
) -> tuple[list[Proposal], dict[str, Any]]:
    """Return the proposals, and how they were found; raise ``nothing_proposed`` without any."""
    predictor = engine.predictor(args.model)
    embedded = engine.embed(request)
    search = engine.search_proposals(embedded, options)
    with tqdm(total=search.points_total, unit="point", disable=not shows_progress(args), leave=False) as bar:
        for done in search.steps():
            bar.update(done - bar.n)
    proposals = search.proposals()
    if not proposals:
        message = f"No object is proposed on slice {request.index}: no mask was good and stable enough."
        hint = f"Give a --quality below {args.quality:g}, a --stability below {args.stability:g}, or more --points."
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, "nothing_proposed", message, hint)
    window = embedded.framing.window
    return proposals, {
        "window": {"name": window.name, "lower": window.lower, "upper": window.upper},
        "points": search.points_total,
        "seconds_encoding": round(embedded.seconds, 3),
        "seconds_decoding": round(search.seconds, 3),
        "model": args.model,
        "weights_sha256": predictor.weights_sha256,
        "device": engine.device,
    }


def _report(args: argparse.Namespace, summary: dict[str, Any]) -> None:
    if args.json:
        print_json(summary)
        return
    proposals = summary["proposals"]
    say(args, f"{len(proposals)} proposals on slice {summary['slice']}")
    for each in proposals[:_LISTED]:
        numbers = f"quality {each['quality']:.2f}, stability {each['stability']:.2f}"
        say(args, f"  {each['name']}: {each['area_pixels']} pixels, {numbers}")
    if len(proposals) > _LISTED:
        say(args, f"  … and {len(proposals) - _LISTED} more, which --json lists")
    times = ", ".join(f"{summary[f'seconds_{step}']:.1f} s {step}" for step in ("encoding", "decoding"))
    say(args, f"  {summary['model']} on {summary['device']}: {times}")
    also = [str(args.overlay)] if args.overlay is not None else []
    say(args, ", and ".join([f"Written: {args.output}", *also]))
