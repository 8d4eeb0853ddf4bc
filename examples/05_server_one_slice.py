"""A tumor and the trachea on one slice, without Slicer and without HTTP: ``python examples/05_server_one_slice.py``."""

from pathlib import Path

from medsamseg_server.engine.engine import Engine
from medsamseg_server.engine.prompts import Prompt
from medsamseg_server.engine.slice_request import SliceRequest
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.store import ModelStore

SAMPLE = Path(__file__).resolve().parents[1] / "MedSAMSeg" / "Resources" / "SampleData" / "RiderChestCT.nrrd"

image = read_image(SAMPLE)
volume = Volume.from_array(image.array)
engine = Engine(ModelStore())  # the weights that `medsamseg models download litemedsam` has put there

# The slice is encoded once, whatever the number of prompts.
prompts = [Prompt(box=(54, 160, 101, 204)), Prompt(box=(116, 130, 134, 150))]
answer = engine.segment(SliceRequest(volume, axis=0, index=24, window="lung"), prompts)

for mask in answer.masks:
    print(f"{mask.voxels} voxels in x0, y0, x1, y1 = {mask.extent}, predicted IoU {mask.score:.2f}")
print(f"Array of the first mask: {answer.masks[0].to_array(volume.slice_size(0, 24)).shape}")
