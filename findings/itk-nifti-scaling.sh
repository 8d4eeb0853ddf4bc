#!/bin/sh
# ITK reads scaled NIfTI voxels otherwise than the format says, and otherwise than nibabel:
# - scl_slope 0 means "do not scale" (nifti1.h), but ITK adds scl_inter all the same;
# - scaled 32-bit integers come as single precision, so that 1610612737.5 loses its last digits.
# Seen with SimpleITK 2.5.7 (ITK 5.4) and nibabel 5.4.2. Prints both readings; fails when they agree.
set -e
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet SimpleITK==2.5.7 nibabel==5.4.2 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk


def readings(voxels, slope, intercept):
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), "scan.nii")
    content = bytearray(Path("scan.nii").read_bytes())
    struct.pack_into("<2f", content, 112, slope, intercept)
    Path("scan.nii").write_bytes(content)
    by_itk = sitk.GetArrayFromImage(sitk.ReadImage("scan.nii"))
    by_nibabel = np.asarray(nib.load("scan.nii").dataobj)
    return by_itk.dtype, float(by_itk[0, 0, 0]), float(by_nibabel[0, 0, 0])


unscaled = readings(np.full((3, 3, 3), 7, np.int16), 0.0, 5.0)
wide = readings(np.full((3, 3, 3), 2**30 + 1, np.int32), 1.5, 0.0)
print("slope 0, intercept 5, stored 7: type, ITK, nibabel:", *unscaled)
print("slope 1.5, stored 2^30 + 1: type, ITK, nibabel:", *wide)
assert unscaled[1:] == (12.0, 7.0), unscaled
assert wide[1:] == (1610612736.0, 1610612737.5), wide
PYTHON
