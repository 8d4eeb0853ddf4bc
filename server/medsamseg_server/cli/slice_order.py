"""Which slice a number means where a DICOM file does not store its frames in the order of space."""

from __future__ import annotations

from dataclasses import replace

from medsamseg_server.errors import ErrorKind, MedSAMSegError
from medsamseg_server.image_io.image import Image
from medsamseg_server.propagation.task import Task


def in_space(tasks: dict[str, Task], image: Image, order: str | None) -> dict[str, Task]:
    """Return tasks whose boxes are on slices as they are counted in space.

    A viewer that goes through the file counts other slices than one that sorts them, as 3D Slicer does. Only where
    both counts are the same can a number be taken without asking.

    Args:
        tasks: by name.
        image: the scan.
        order: ``space``, ``file``, or None when the user did not say.

    Raises:
        MedSAMSegError: ``slice_order_ambiguous``, or ``slice_outside`` for a frame that the volume does not have.
    """
    source = image.source
    counted = [task for task in tasks.values() if task.axis == 0]
    if source is None or not source.is_reordered or order == "space" or not counted:
        return tasks
    slices = {frame: k for k, frame in enumerate(source.frames)}
    name = source.files[0].name
    if order is None:
        moved = [index for task in counted for index in {**task.boxes, **task.points} if slices.get(index) != index]
        if not moved:
            return tasks
        index = moved[0]
        there = slices.get(index)
        spoken = f"is slice {there} in space" if there is not None else "is not in this volume"
        raise MedSAMSegError(
            ErrorKind.INVALID_INPUT,
            "slice_order_ambiguous",
            f"{name} does not store its frames in the order of space: frame {index} of the file {spoken}.",
            "Say what the slice's number counts: --slice-order space, or --slice-order file.",
        )
    return {key: _moved(task, slices, name) if task.axis == 0 else task for key, task in tasks.items()}


def _moved(task: Task, slices: dict[int, int], name: str) -> Task:
    for index in {**task.boxes, **task.points}:
        if index not in slices:
            raise MedSAMSegError(
                ErrorKind.INVALID_INPUT,
                "slice_outside",
                f"The volume has no frame {index} of {name}; it has the frames {sorted(slices)[0]} to "
                f"{sorted(slices)[-1]}.",
                "Count frames from 0.",
            )
    return replace(
        task,
        boxes={slices[index]: box for index, box in task.boxes.items()},
        exclude={slices[index]: boxes for index, boxes in task.exclude.items()},
        points={slices[index]: points for index, points in task.points.items()},
    )
