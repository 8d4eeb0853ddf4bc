"""Films whose truth is known: an object with texture that moves, turns, grows, hides, leaves and comes back.

Everything is made from a seed: the same film each time.
"""

from dataclasses import dataclass

import cv2
import numpy as np

SIZE = (136, 240)
FRAMES = 40


@dataclass(frozen=True)
class Film:
    """frames: (T, H, W, 3) uint8; truth: (T, H, W) bool, the visible part of the object."""

    frames: np.ndarray
    truth: np.ndarray

    def box(self, index):
        rows, columns = np.flatnonzero(self.truth[index].any(axis=1)), np.flatnonzero(self.truth[index].any(axis=0))
        return (float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1]))


def smooth_noise(random, size, blur):
    """Values around 0 with a deviation of 1, alike over about `blur` pixels."""
    noise = cv2.GaussianBlur(random.normal(size=size).astype(np.float32), (0, 0), blur)
    return (noise - noise.mean()) / noise.std()


def background(random, size=SIZE, tone=(95, 70, 60)):
    """Tissue-like: a tone with soft patches and a fine grain."""
    patches = 18 * smooth_noise(random, size, 14) + 5 * smooth_noise(random, size, 2)
    return np.clip(np.array(tone) + patches[..., None] * np.array([1.0, 0.8, 0.7]), 0, 255)


@dataclass(frozen=True)
class Pose:
    """Where the object is: center x, y, angle in degrees, scale."""

    x: float
    y: float
    angle: float = 0.0
    scale: float = 1.0


class Blob:
    """An irregular object with texture of its own, `radius` pixels large."""

    def __init__(self, random, radius=22, tone=(190, 160, 120)):
        side = 4 * radius + 1
        angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
        radii = radius * (1 + 0.22 * np.cos(2 * angles + 0.6) + 0.1 * np.cos(3 * angles))
        outline = np.stack([side / 2 + radii * np.cos(angles), side / 2 + radii * np.sin(angles)], axis=1)
        self._shape = cv2.fillPoly(np.zeros((side, side), np.uint8), [outline.round().astype(np.int32)], 1)
        texture = 10 * smooth_noise(random, (side, side), 4)
        self._colors = (np.array(tone) + texture[..., None]).astype(np.float32)
        self._side = side

    def paint(self, frame, pose):
        """Draw the object into a frame in place; return where it is, bool (H, W)."""
        turn = cv2.getRotationMatrix2D((self._side / 2, self._side / 2), pose.angle, pose.scale)
        turn[:, 2] += (pose.x - self._side / 2, pose.y - self._side / 2)
        size = frame.shape[1::-1]
        mask = cv2.warpAffine(self._shape, turn, size, flags=cv2.INTER_NEAREST) > 0
        colors = cv2.warpAffine(self._colors, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        frame[mask] = colors[mask]
        return mask


def _record(seed, poses, light=lambda frame: 1.0, cover=lambda frame: None, scene=lambda frame: 0):
    """Film the object at its poses (None: it is not there)."""
    random = np.random.default_rng(seed)
    scenes = [background(random), background(random, tone=(60, 85, 95))]
    blob = Blob(random)
    frames, truth = [], []
    for number, pose in enumerate(poses):
        frame = scenes[scene(number)].copy()
        visible = np.zeros(SIZE, bool) if pose is None else blob.paint(frame, pose)
        bar = cover(number)
        if bar is not None:
            frame[:, bar] = (40, 45, 50)
            visible[:, bar] = False
        frame = frame * light(number) + random.normal(0, 5, frame.shape)
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
        truth.append(visible)
    return Film(np.array(frames), np.array(truth))


def _across(start, end, count=FRAMES, **options):
    xs, ys = np.linspace(start[0], end[0], count), np.linspace(start[1], end[1], count)
    return [Pose(float(x), float(y), **options) for x, y in zip(xs, ys, strict=True)]


def moving():
    """Goes across, two to three pixels a frame."""
    return _record(1, _across((50, 50), (185, 90)))


def fast():
    """Moves by more than half its size a frame, there and back."""
    return _record(
        2, [Pose(120 + 70 * np.sin(number * 0.55), 68 + 20 * np.cos(number * 0.4)) for number in range(FRAMES)]
    )


def turning():
    """Turns by 9 degrees a frame on the spot."""
    return _record(3, [Pose(120, 68, angle=9.0 * number) for number in range(FRAMES)])


def growing():
    """Comes closer: from three fifths of its size to one and a half."""
    return _record(4, [Pose(120, 68, scale=float(scale)) for scale in np.linspace(0.6, 1.5, FRAMES)])


def hidden():
    """Passes behind a bar."""
    return _record(5, _across((45, 60), (200, 80)), cover=lambda number: slice(105, 135))


def leaving():
    """Leaves the picture after a third, and comes back elsewhere for the last third."""
    third = FRAMES // 3
    there = _across((120, 70), (268, 70), third)
    back = _across((-30, 50), (100, 60), third)
    return _record(6, [*there, *[None] * (FRAMES - 2 * third), *back])


def dimming():
    """The light goes down to half and up again, while it moves."""
    return _record(
        7, _across((60, 60), (180, 80)), light=lambda number: 0.75 + 0.25 * np.cos(number * 2 * np.pi / FRAMES)
    )


def cut():
    """The film cuts to another scene without the object, and back."""
    poses = _across((90, 60), (150, 75))
    gone = range(15, 25)
    poses = [None if number in gone else pose for number, pose in enumerate(poses)]
    return _record(8, poses, scene=lambda number: int(number in gone))


FILMS = {each.__name__: each for each in (moving, fast, turning, growing, hidden, leaving, dimming, cut)}
