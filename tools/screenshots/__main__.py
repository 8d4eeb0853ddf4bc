"""The documentation's pictures and its moving one: the module used by pointer and keyboard in a real window, on the
sample CT, on a film and on a picture in color.

Writes to ``Resources/Screenshots``.
"""

import tempfile
from pathlib import Path

import SimpleITK as sitk
from screenshots.lesions import takePicturesOfLesions
from screenshots.scenes import drawBox, load, middle, program, slicesDone, takePicture
from screenshots.storyboard import takeMovie
from skimage import data
from window.sample import CT, cornersInRAS

FILM = CT.with_name("DrawnUltrasound.seq.nrrd")
#: Two opposite corners round the cyst on the film's first frame, in RAS (mm): pixels of 0.4 mm.
CYST = ((-68 * 0.4, -72 * 0.4, 0), (-132 * 0.4, -120 * 0.4, 0))
#: As many frames later it is elsewhere.
FRAMES_LATER = 6

#: … and round the optic disc of scikit-image's picture of a retina, whose pixels are 1 mm to Slicer.
DISC = ((-125, -565, 0), (-315, -757, 0))


def main():
    """Go through the tutorials, and take a picture of each step."""
    with program() as user:
        takeMovie(user)
    with program() as user:
        takePicturesOfCT(user)
    with program() as user, tempfile.TemporaryDirectory() as folder:
        takePicturesOfLesions(user, Path(folder))
    with program() as user:
        takePicturesOfFilm(user)
    with program() as user, tempfile.TemporaryDirectory() as folder:
        takePictureOfRetina(user, Path(folder) / "Retina.nrrd")


def takePicturesOfCT(user):
    """From one box to the tumor in 3D."""
    corners = cornersInRAS()
    load(user, CT)
    center = middle(corners)
    before = user.picture()
    user.pointAt("Red", center)
    for viewName in ("Green", "Yellow"):
        user.waitForChange(before, viewName, center)
    takePicture(user, "loaded.png")

    user.click("drawButton")
    user.press("Red", corners[0])
    before = user.picture()
    user.moveTo("Red", corners[1])
    user.waitForChange(before, "Red", corners[1])
    takePicture(user, "box.png")
    before = user.picture()
    user.release()
    user.waitForText("statusLabel", "Found")
    user.waitForChange(before, "Red", center)
    takePicture(user, "found.png")

    user.click("propagateButton")
    user.waitFor(lambda: slicesDone(user) >= 6, "six slices")
    takePicture(user, "propagating.png")
    user.waitFor(lambda: user.widget("propagateButton")["enabled"], "end of the propagation")
    user.click("drawButton")
    before = user.picture()
    user.click("show3DButton")
    user.waitForChange(before, "1", center)
    takePicture(user, "result.png")


def takePicturesOfFilm(user):
    """From a box on the first frame to the object on every frame."""
    load(user, FILM)
    drawBox(user, CYST)
    takePicture(user, "film.png")
    user.click("throughTimeButton")
    user.waitForText("statusLabel", "frames")
    user.waitFor(lambda: user.widget("throughTimeButton")["enabled"], "end of the propagation")
    for _frame in range(FRAMES_LATER):
        before = user.picture()
        user.pressKeys("ctrl+shift+Right")
        user.waitForChange(before, "Red", middle(CYST))
    takePicture(user, "film-followed.png")


def takePictureOfRetina(user, path):
    """The optic disc of a picture in color."""
    # The host's readers have no PNG.
    sitk.WriteImage(sitk.GetImageFromArray(data.retina()[None], isVector=True), path)
    load(user, path)
    drawBox(user, DISC)
    takePicture(user, "color.png")


if __name__ == "__main__":
    main()
