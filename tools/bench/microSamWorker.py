"""micro-sam follows an object through slices, in the Python that it is installed for; see `followedRows.py`.

Usage: microSamWorker.py WEIGHTS VOLUME SLICE X0,Y0,X1,Y1. WEIGHTS are MobileSAM's, for which it wants the package
``mobile_sam``; VOLUME is an .npy file of gray levels, uint8 (K, J, I). Prints a line when the network is loaded, then
answers each line with the seconds from the voxels to the masks of all slices.
"""

import sys
import time

import numpy as np
from micro_sam import prompt_based_segmentation, util
from micro_sam.multi_dimensional_segmentation import segment_mask_in_volume


def main():
    """Serve."""
    weights, place, index, corners = sys.argv[1:]
    voxels, prompted = np.load(place), int(index)
    x0, y0, x1, y1 = map(int, corners.split(","))
    predictor = util.get_sam_model("vit_t", device="cpu", checkpoint_path=weights)
    print("ready", flush=True)
    for _line in sys.stdin:
        started = time.perf_counter()
        embeddings = util.precompute_image_embeddings(predictor, voxels, ndim=3, verbose=False)
        # Its boxes are (least row, least column, most row, most column).
        box = np.array([y0, x0, y1, x1])
        found = np.zeros(voxels.shape, np.uint32)
        found[prompted] = prompt_based_segmentation.segment_from_box(
            predictor, box, image_embeddings=embeddings, i=prompted
        )[0]
        segment_mask_in_volume(
            found, predictor, embeddings, np.array([prompted]), False, False, iou_threshold=0.0, projection="box"
        )
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main()
