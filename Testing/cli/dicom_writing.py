"""Makes a folder of DICOM files out of a volume, as scanners leave it: a slice per file, in no order of names."""

import SimpleITK as sitk

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


def write_series(image, folder, uid="1.2.3.4", description="Chest", skipped=(), shift=None):
    """Write slices of a SimpleITK image as DICOM files.

    `skipped` slices are left out; `shift(k)` moves slice k by millimeters in x, y and z.
    """
    folder.mkdir(parents=True, exist_ok=True)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    direction = image.GetDirection()
    for k in range(image.GetDepth()):
        if k in skipped:
            continue
        position = image.TransformIndexToPhysicalPoint((0, 0, k))
        if shift is not None:
            position = [a + b for a, b in zip(position, shift(k), strict=True)]
        tags = {
            "0008|0016": CT_IMAGE,
            "0008|0018": f"{uid}.{k}",
            "0008|0060": "CT",
            "0008|103e": description,
            "0020|000d": "1.2.3",
            "0020|000e": uid,
            # Against the order in space, so that only positions can tell it.
            "0020|0013": str(1000 - k),
            "0020|0032": "\\".join(f"{value:.9g}" for value in position),
            "0020|0037": "\\".join(f"{direction[place]:.9g}" for place in (0, 3, 6, 1, 4, 7)),
        }
        plane = image[:, :, k]
        for tag, value in tags.items():
            plane.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{uid}-{k * 37 % 997:03d}.dcm"))
        writer.Execute(plane)
