"""An asymmetric object whose place is known, written in every format by writers that are not the product's."""

import itertools

import nibabel as nib
import nrrd
import numpy as np
import SimpleITK as sitk

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
SHAPE = (7, 8, 9)


def phantom(dtype=np.int16):
    """Voxels (I, J, K) that all differ, and the mask of an L of 9 voxels that no flip and no turn maps onto itself."""
    voxels = np.arange(np.prod(SHAPE)).reshape(SHAPE).astype(dtype)
    mask = np.zeros(SHAPE, np.uint8)
    mask[1:6, 2, 3] = 1
    mask[1, 2:5, 3] = 1
    mask[1, 2, 3:6] = 1
    return voxels, mask


def axis_orders():
    """The 48 ways in which stored axes can lie along the patient's; half of them are left-handed."""
    for order, signs in itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)):
        yield np.eye(3)[:, list(order)] * signs


def turned(degrees=20.0):
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]]
    )


def sheared(degrees=20.0):
    axes = np.eye(3)
    axes[1, 2] = np.tan(np.radians(degrees))
    return axes


def affine(axes, spacing=(0.75, 1.25, 2.5), origin=(-12.5, 30.25, 110.125)):
    """4×4 matrix from I, J, K to RAS."""
    matrix = np.eye(4)
    matrix[:3, :3] = axes * np.array(spacing)
    matrix[:3, 3] = origin
    return matrix


def centroid(mask, matrix):
    """Center of a mask (I, J, K) in the frame of the matrix."""
    return (matrix @ [*np.argwhere(mask).mean(axis=0), 1.0])[:3]


def write_nifti(path, voxels, matrix, kind=nib.Nifti1Image, sform=1, qform=1, order="<", **fields):
    header = kind.header_class(endianness=order)
    header.set_data_dtype(voxels.dtype.newbyteorder(order))
    image = kind(voxels, None, header)
    sizes = np.linalg.norm(matrix[:3, :3], axis=0)
    image.header["pixdim"][1:4] = sizes
    image.header.set_sform(matrix, sform)
    if qform is not None:
        image.header.set_qform(matrix, qform)
    for name, value in fields.items():
        image.header[name] = value
    nib.save(image, path)
    return path


def write_nrrd(path, voxels, matrix, space="right-anterior-superior", **fields):
    to_space = {"right-anterior-superior": np.eye(4), "left-posterior-superior": RAS_TO_LPS}.get(
        space, np.diag([-1.0, 1.0, 1.0, 1.0])
    )
    lying = to_space @ matrix
    nrrd.write(
        str(path),
        voxels,
        {"space": space, "space directions": lying[:3, :3].T, "space origin": lying[:3, 3], **fields},
    )
    return path


def write_itk(path, voxels, matrix):
    image = sitk.GetImageFromArray(voxels.T)
    lying = RAS_TO_LPS @ matrix
    spacing = np.linalg.norm(lying[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((lying[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(lying[:3, 3].tolist())
    sitk.WriteImage(image, str(path))
    return path


def read_mask(path):
    """Read a mask by a reader that is not the product's; return it (I, J, K) with its matrix to RAS."""
    name = path.name
    if name.endswith((".nii", ".nii.gz")):
        image = nib.load(path)
        return np.asarray(image.dataobj), image.affine
    if name.endswith(".nrrd"):
        voxels, header = nrrd.read(str(path))
        matrix = np.eye(4)
        matrix[:3, :3] = header["space directions"].T
        matrix[:3, 3] = header["space origin"]
        return voxels, RAS_TO_LPS @ matrix
    image = sitk.ReadImage(str(path))
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    matrix[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image).T, RAS_TO_LPS @ matrix
