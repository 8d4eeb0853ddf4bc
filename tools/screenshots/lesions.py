"""The pictures of "Lesions measured": two lesions of the sample CT by lines, followed, accepted and listed."""

import json

import SimpleITK as sitk
from screenshots.scenes import load, middle, takePicture
from window.sample import CT

#: Ends of the lines in voxels (i, j, k): the tumor's longest diameter and the one across it, and the aorta's.
LINES = {
    "Tumor": ((54, 188, 24), (97, 164, 24)),
    "Tumor across": ((62, 167, 24), (82, 202, 24)),
    "Aorta": ((135, 168, 10), (160, 168, 10)),
}


def takePicturesOfLesions(user, folder):
    """From measured lines to a table of accepted lesions.

    :param user: the `User`.
    :param folder: where the file with the lines and the scene are written.
    """
    ends = linesInLPS()
    load(user, CT)
    user.chooseFile("ctrl+o", writeLines(folder / "Lines.mrk.json", ends))
    tumor = middle([(-x, -y, z) for x, y, z in ends["Tumor"]])
    user.click("lesionsButton")
    before = user.picture()
    user.pointAt("Red", tumor)
    user.waitForChange(before, "Green", tumor)
    takePicture(user, "lesion-lines.png")

    user.click("useLinesButton")
    user.waitFor(lambda: [len(slices) for slices in segments(user)] == [1, 1], "two lesions")
    user.click("allSegmentsCheckBox")
    user.click("propagateButton")
    user.waitFor(lambda: not user.widget("propagateButton")["enabled"], "start of the propagation")
    user.waitFor(lambda: user.widget("propagateButton")["enabled"], "end of the propagation")
    user.click("worstSliceButton")
    user.waitForText("sliceLabel", "lice")
    takePicture(user, "lesion-check.png")

    for _lesion in LINES.keys() - {"Tumor across"}:
        user.click("acceptLesionButton")
        user.waitForText("statusLabel", "accepted")
        user.click("nextLesionButton")
    takePicture(user, "lesion-table.png")
    user.chooseFile("ctrl+s", folder / "Lesions.mrb")


def linesInLPS():
    """:return: dictionary of each line's name to its two ends in LPS (mm)."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(CT))
    place = reader.Execute().TransformContinuousIndexToPhysicalPoint
    return {name: [place(end) for end in ends] for name, ends in LINES.items()}


def writeLines(path, ends):
    """Write lines as Slicer's Markups module saves them.

    :return: the file's path.
    """
    markups = [
        {
            "type": "Line",
            "coordinateSystem": "LPS",
            "controlPoints": [{"id": str(number), "position": end} for number, end in enumerate(line, 1)],
            # The lengths of two lines that cross would cover each other.
            "display": {"propertiesLabelVisibility": False},
        }
        for line in ends.values()
    ]
    path.write_text(json.dumps({"markups": markups}), encoding="utf-8")
    return path


def segments(user):
    """:return: the slices of each segment, with their numbers of voxels."""
    return list(user.ask("scene")["segments"].values())
