"""What the status line says about boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.panel.frame.errorMessages import inUsersLanguage, messageOn, notesOn
from MedSAMSegLib.volumes.intensityWindows import windowTitles

if TYPE_CHECKING:
    from MedSAMSegLib.boxes.boxRun import BoxResult


def messageOnBox(result: BoxResult) -> str:
    """Return what came of a box, in a sentence or two.

    :param result: BoxResult.
    """
    return " ".join([_outcome(result), *_notes(result), *notesOn(result)])


def messageOnBoxes(results: Sequence[BoxResult]) -> str:
    """Return what came of boxes that were asked again together.

    :param results: BoxResults.
    """
    if len(results) == 1:
        return messageOnBox(results[0])
    empty = sorted(result.prompt.sliceIndex for result in results if result.voxelCount == 0)
    sentences = [_("Asked for {count} boxes again.").format(count=len(results))]
    if empty:
        slices = ", ".join(str(index) for index in empty)
        sentences.append(_("Nothing was found on the slices {slices}.").format(slices=slices))
    if not any(result.changedSegment for result in results):
        sentences.append(_("Nothing changed."))
    return " ".join([*sentences, *dict.fromkeys(note for result in results for note in notesOn(result))])


def messageOnMarked(ends: Sequence[Any]) -> str:
    """Return what came of lesions that were marked, of all together: what is said of each is gone with the next.

    :param ends: BoxResults, and UserErrors of those that could not be asked.
    """
    errors = [end for end in ends if isinstance(end, UserError)]
    results = [end for end in ends if end not in errors]
    if len(ends) == 1:
        return messageOn(errors[0]) if errors else messageOnBox(results[0])
    found = sum(result.voxelCount > 0 for result in results)
    if found == len(ends):
        sentence = _("Found all {count} lesions. Tick 'All segments with boxes' and press Propagate to follow them.")
    else:
        sentence = _("Found {found} of {count} lesions. The segments of the others are empty: draw their boxes anew.")
    notes = dict.fromkeys([*map(messageOn, errors), *(note for result in results for note in notesOn(result))])
    return " ".join([sentence.format(found=found, count=len(ends)), *notes])


def messageOnMeaning(result: BoxResult) -> str:
    """Return what came of a box that has another of the network's answers.

    :param result: BoxResult.
    """
    titles = {None: _("The one mask."), "part": _("Part."), "object": _("Object."), "whole": _("Whole.")}
    return " ".join([titles[result.prompt.meaning], messageOnBox(result)])


def messageOnExcludedSegment(result: BoxResult, name: str | None) -> str:
    """Return what came of a box without the voxels of another segment.

    :param result: BoxResult.
    :param name: of the segment; None for a box that excludes none any more.
    """
    if name is None:
        return " ".join([_("No segment is left out."), messageOnBox(result)])
    if result.voxelCount > 0 and not result.changedSegment:
        sentence = _("Without {name}: nothing changed on slice {index}, where the object had none of its voxels.")
        return " ".join([sentence.format(name=name, index=result.prompt.sliceIndex), *notesOn(result)])
    return " ".join([_("Without {name}.").format(name=name), messageOnBox(result)])


def messageOnThreshold(result: Any) -> str:
    """Return what another threshold made of a box.

    :param result: BoxThreshold.
    """
    values = {"threshold": f"{result.threshold:.2f}", "count": result.voxelCount, "index": result.prompt.sliceIndex}
    if result.voxelCount == 0:
        sentence = _("Threshold {threshold}: no voxel is likely enough on slice {index}. Move it down.")
    elif result.voxelCount == 1:
        sentence = _("Threshold {threshold}: 1 voxel on slice {index}.")
    else:
        sentence = _("Threshold {threshold}: {count} voxels on slice {index}.")
    return " ".join([sentence.format(**values), *notesOn(result)])


def _notes(result):
    """Return sentences on a mask that is there: the window it was seen in, and whether it is to be doubted."""
    if result.voxelCount == 0:
        return
    name = result.window["name"]
    if result.suggestedWindow not in ("", name):
        title = dict(windowTitles()).get(name, name)
        yield _("Window for this box: {title}.").format(title=title)
    if result.doubt is not None:
        yield inUsersLanguage(result.doubt)


def _outcome(result):
    if result.voxelCount == 0:
        return _("Nothing was found in the box. Draw it closer round the object, or choose another window.")
    if not result.changedSegment:
        return _("Nothing changed: the segment had these voxels already, or the masking settings protect them.")
    if result.rotation:
        sentence = _(
            "The view is rotated by {angle}° against the volume: found {count} pixels on the plane that is seen."
        )
        return sentence.format(angle=round(result.rotation), count=result.voxelCount)
    if result.voxelCount == 1:
        return _("Found 1 voxel on slice {index}.").format(index=result.prompt.sliceIndex)
    return _("Found {count} voxels on slice {index}.").format(count=result.voxelCount, index=result.prompt.sliceIndex)
