"""From one box to a segmentation that Slicer opens, without Slicer: ``python examples/06_server_whole_volume.py``."""

from pathlib import Path

from medsamseg_server.engine.engine import Engine
from medsamseg_server.image_io.mask_writer import Segment
from medsamseg_server.image_io.reading import read_image
from medsamseg_server.image_io.segmentations import color_of, write_segmentation
from medsamseg_server.propagation.whole_volume import Task, WholeVolume
from medsamseg_server.volumes.volume import Volume
from medsamseg_server.weights.store import ModelStore

SAMPLE = Path(__file__).resolve().parents[1] / "MedSAMSeg" / "Resources" / "SampleData" / "RiderChestCT.nrrd"

image = read_image(SAMPLE)
spacing = image.geometry.spacing[::-1]  # of K, J and I, as the array has them
task = Task(axis=0, boxes={24: (54, 160, 101, 204)}, first=20, last=28, window="lung", spacing=spacing)
whole = WholeVolume(Volume.from_array(image.array), task)
found = whole.run(Engine(ModelStore()), on_slice=lambda result: print(f"slice {result.index}: {result.mask.voxels}"))

write_segmentation(Path("tumor.seg.nrrd"), Segment("Tumor", found.mask, color_of(0)), image.place)
print(f"{found.mask.sum() * image.geometry.voxel_ml:.1f} ml written to tumor.seg.nrrd")
