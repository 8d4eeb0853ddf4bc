"""The options of ``medsamseg segment``, and what its help says beside them."""

from __future__ import annotations

import argparse
from pathlib import Path

from medsamseg_server.cli import clicking, exclusion, lines, meaning, measurement_report, pointing, probability, terms
from medsamseg_server.cli.box_formats import BOX_FORMATS
from medsamseg_server.cli.engine_options import add_computer_options, add_model_option, add_window_option
from medsamseg_server.cli.output import add_output_options
from medsamseg_server.cli.prompt_arguments import FILE_EXAMPLE, OBJECTS_EXAMPLE

EPILOG = f"""\
slices and boxes:
  The scan is an array (K, J, I) as numpy, SimpleITK and 3D Slicer's Python have
  it; --axis is numpy's. K counts the stored slices, so axis 0 gives these.

    --axis   --slice is   x is   y is
      0          K          I      J
      1          J          I      K
      2          I          J      K

  A box is X0,Y0,X1,Y1 in voxel indices of the slice: a box tight around pixels
  i to j is i,j. Fractions are allowed. All counting starts at 0.

prompts file:
  {FILE_EXAMPLE}
  Several objects become the segments of one file, each slice encoded once:
  {OBJECTS_EXAMPLE}
  "exclude": [[98, 101, 130, 133]] beside a "box" is what --exclude is beside --box;
  "points": [[78, 182, 1], [60, 170, 0]] beside or in place of it is --point (1) and --not-point (0).

windows:
  auto (by what is in and round the box; recognizes CT), soft, lung, brain, bone (CT),
  percentile (other images), or width and level as W,L.

examples:
  medsamseg segment chest.nrrd --box 54,160,101,204 --slice 24 -o tumor.seg.nrrd
  medsamseg segment chest.nrrd --line 54,188,97,164 --line 62,167,82,202 --slice 24 -o tumor.seg.nrrd
  medsamseg segment dicom/ --box 54,160,101,204 --slice 24 --range 15:33 -o tumor.nii.gz
  medsamseg segment dicom/ --box 54,160,101,204 --slice 24 -o tumor.dcm --report tumor.sr.dcm
  medsamseg segment chest.nrrd --box 54,160,101,204 --slice 24 --term Mass --region Lung -o tumor.seg.nrrd
  medsamseg segment brain.nii.gz --prompts boxes.json --window percentile -o lesion.seg.nrrd
  medsamseg segment chest.nrrd --box 54,160,101,204 --slice 24 --slice-only --json -o one.nrrd
  medsamseg segment portal.nrrd --also arterial.nrrd --box 54,160,101,204 --slice 24 -o tumor.seg.nrrd
  medsamseg segment spine.nii.gz --box 61,40,84,66 --slice 12 --planes 3 -o vertebra.seg.nrrd
  medsamseg segment photo.png --point 210,150 --not-point 320,90 --model mobilesam --meaning whole -o mask.png
  medsamseg segment heart.nii.gz --box 88,90,141,145 --exclude 98,101,130,133 --slice 5 -o wall.seg.nrrd

For research; not a medical device.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all options of the command."""
    _add_files(parser)
    _add_prompts(parser.add_argument_group("where the object is"))
    _add_ways(parser, parser.add_argument_group("how it is found"))
    parser.add_argument("--name", help="name of the segment (default: Segment)")
    terms.add_options(parser.add_argument_group("what the object is"))
    add_output_options(parser)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "image", metavar="IMAGE", type=Path, help="NRRD, NIfTI or MetaImage file, a DICOM folder, a picture, or a film"
    )
    parser.add_argument(
        "--output",
        "-o",
        metavar="OUT",
        type=Path,
        required=True,
        help=".seg.nrrd (Slicer segmentation), .nrrd, .nii.gz, .nii or .mha (labelmap); of a DICOM scan .dcm (SEG),"
        " .labelmap.dcm (SEG that is a label map) or .rtstruct.dcm (RTSTRUCT);"
        " of a picture .png or .tif; of a film .npz or a folder",
    )
    parser.add_argument(
        "--also",
        metavar="PHASE",
        type=Path,
        action="append",
        default=[],
        help="a further volume of the same patient and place (phase of contrast, sequence of MR), asked as well;"
        " resampled to the voxels of IMAGE where it has others; several may be",
    )
    parser.add_argument(
        "--fuse",
        choices=("mean", "max"),
        help="what of the probabilities of IMAGE and each --also counts (default: mean)",
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")
    parser.add_argument(
        "--csv",
        action="store_true",
        help="write tables beside OUT: of slices (confidence, provenance, boxes) and of segments (volume, diameters,"
        " intensities)",
    )
    measurement_report.add_option(parser)
    parser.add_argument(
        "--overlay",
        metavar="OUT.png",
        type=Path,
        help="draw the result: boxes, fill, outline, scale bar, legend; of a film OUT.mp4",
    )
    parser.add_argument(
        "--series", metavar="UID", help="which series of a DICOM folder; UID:N for volume N of several in a series"
    )
    parser.add_argument(
        "--time", metavar="N", type=int, help="which of several volumes over time (.seq.nrrd, 4D NIfTI, DICOM), from 0"
    )
    parser.add_argument(
        "--all-times",
        action="store_true",
        help="follow the object through all of them, from the one of --time (default: the first); one file OUT a time",
    )


def _add_prompts(prompts: argparse._ArgumentGroup) -> None:
    prompts.add_argument("--box", metavar="X0,Y0,X1,Y1", help="box around the object, in voxel indices of the slice")
    prompts.add_argument(
        "--box-format",
        choices=tuple(BOX_FORMATS),
        default="corners",
        help="what the numbers of --box are: " + "; ".join(f"{name}, {what}" for name, what in BOX_FORMATS.items()),
    )
    prompts.add_argument(
        "--boxes",
        metavar="FILE",
        type=Path,
        help="boxes of many objects in a picture, or in a folder of pictures: COCO's .json, or YOLO's .txt or a folder"
        " of these",
    )
    clicking.add_option(prompts)
    lines.add_option(prompts)
    pointing.add_options(prompts)
    exclusion.add_options(prompts)
    prompts.add_argument("--slice", metavar="N", type=int, help="index of the slice with the box or points")
    prompts.add_argument(
        "--axis", type=int, choices=(0, 1, 2), help="array axis across the slices (default: 0, the stored slices)"
    )
    prompts.add_argument(
        "--slice-order",
        choices=("space", "file"),
        help="what slices with boxes are counted by, where a DICOM file stores its frames in another order than in "
        "space (--range always counts in space)",
    )
    prompts.add_argument(
        "--prompts",
        metavar="FILE.json",
        type=Path,
        help="boxes or points on slices, instead of --box and --slice",
    )
    prompts.add_argument(
        "--range",
        metavar="A:B",
        help="first and last slice of the object, both included (default: until it ends)",
    )
    prompts.add_argument(
        "--allow-overlap",
        action="store_true",
        help="let several objects of a prompts file overlap (only .seg.nrrd, .dcm, .rtstruct.dcm)",
    )
    prompts.add_argument("--slice-only", action="store_true", help="segment only the slices with a box")


def _add_ways(parser: argparse.ArgumentParser, model: argparse._ArgumentGroup) -> None:
    model.add_argument(
        "--method",
        metavar="NAME",
        help="how to go from slice to slice: tracking, film, or reference, the published recipe"
        " (default: tracking; film through films)",
    )
    model.add_argument(
        "--planes",
        type=int,
        choices=(1, 3),
        default=1,
        help="3: look at the object across the two other axes as well, for shapes that change at once from slice to"
        " slice, such as vertebrae; takes three to six times as long (default: 1)",
    )
    meaning.add_option(model)
    add_window_option(model)
    add_model_option(model)
    add_computer_options(model)
    probability.add_options(parser, model)
