"""The interfaces that scripts and other programs stand on, each as lines of text."""

import argparse
import importlib
from pathlib import Path

from signatures import linesOf

FOLDER = Path(__file__).parent

#: What is promised, by the module that has it.
MODULE = {
    "MedSAMSegLib.logic": ["MedSAMSegLogic"],
    "MedSAMSegLib.logicBoxes": ["BoxEntry"],
    "MedSAMSegLib.boxes.boxRun": ["BoxResult", "BoxDeletion", "BoxPreview"],
    "MedSAMSegLib.propagation.propagationRun": ["PropagationProgress", "PropagationResult", "SegmentSlices"],
    "MedSAMSegLib.slices.lesions": ["Lesion"],
    "MedSAMSegLib.slices.sliceRecord": ["SliceState"],
    "MedSAMSegLib.errors": ["UserError"],
}
SERVER = {
    "medsamseg_server": ["PROTOCOL_VERSION"],
    "medsamseg_server.errors": ["ErrorKind", "MedSAMSegError"],
    "medsamseg_server.engine.answers": ["SliceSegmentation"],
    "medsamseg_server.engine.engine": ["Engine"],
    "medsamseg_server.engine.masks": ["SliceMask"],
    "medsamseg_server.engine.prompts": ["Prompt"],
    "medsamseg_server.image_io.image": ["Geometry", "Image"],
    "medsamseg_server.image_io.reading": ["read_image"],
    "medsamseg_server.image_io.mask_writer": ["Segment"],
    "medsamseg_server.image_io.segmentations": ["color_of", "write_segmentation"],
    "medsamseg_server.propagation.whole_volume": ["Task", "WholeMask", "WholeObjects", "WholeVolume"],
    "medsamseg_server.volumes.volume": ["Volume"],
    "medsamseg_server.weights.store": ["ModelStore"],
}


def described(promises):
    """:return: the lines of all that is promised."""
    lines = []
    for moduleName, names in promises.items():
        module = importlib.import_module(moduleName)
        lines += [line for name in names for line in linesOf(f"{moduleName}.{name}", getattr(module, name))]
    return lines


def commands():
    """:return: the lines of the command line: each command with its options, in the order of its help."""
    from medsamseg_server.cli.command_line import make_parser

    return list(_commandsBelow(make_parser()))


def _commandsBelow(parser):
    deeper = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    options = [each.option_strings[0] if each.option_strings else each.metavar or each.dest for each in parser._actions]
    yield " ".join([parser.prog, *(option for option in options if option not in ("-h", "COMMAND", "ACTION"))])
    for group in deeper:
        for child in group.choices.values():
            yield from _commandsBelow(child)


def routes():
    """:return: the lines of the HTTP contract: method and path."""
    from medsamseg_server.serving import app, encoding_routes, status

    known = [*app.router.routes, *encoding_routes.router.routes, *status.router.routes]
    return [f"{method} {route.path}" for route in known for method in sorted(route.methods)]


#: File that pins an interface, and what describes that as it is.
INTERFACES = {
    "module.txt": lambda: described(MODULE),
    "server.txt": lambda: described(SERVER),
    "commands.txt": commands,
    "routes.txt": routes,
}
