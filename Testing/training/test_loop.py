"""The training loop: resuming to the same result, early stop, the best state, and curves. The task here is a line."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.training.loop import Schedule, make_fabric, train
from medsamseg_server.training.run_folder import open_run_folder

SCHEDULE = Schedule(epochs=4, batch_size=4, learning_rate=0.05, patience=9, seed=2, save_steps=1)


class Line:
    """Learning y = 3 x + 1 from noisy points; a task as the loop wants it."""

    def __init__(self, die_at=None):
        torch.manual_seed(0)
        self.module = nn.Linear(1, 1)
        self.points = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, 18).astype(np.float32))[:, None]
        self.seen = []
        self.die_at = die_at

    @property
    def size(self):
        return len(self.points)

    def loss(self, module, samples, epoch):
        if len(self.seen) == self.die_at:
            raise KeyboardInterrupt
        self.seen.append((epoch, list(samples)))
        noise = np.random.default_rng((epoch, *samples)).normal(0, 0.1, (len(samples), 1)).astype(np.float32)
        points = self.points[samples]
        return nn.functional.mse_loss(module(points), 3 * points + 1 + torch.from_numpy(noise))

    @torch.inference_mode()
    def validate(self, module):
        error = float(nn.functional.mse_loss(module(self.points), 3 * self.points + 1))
        return {"score": -error, "error": error}


def weights(task):
    return [value.detach().clone() for value in task.module.parameters()]


def run(task, folder, schedule=SCHEDULE):
    folder.mkdir(exist_ok=True)
    return train(task, schedule, folder, make_fabric("cpu", 1, "32-true"))


@pytest.mark.parametrize("average", [0, 0.9])
@pytest.mark.parametrize("die_at", [0, 3, 5, 12])
def test_a_killed_run_goes_on_to_the_same_result(tmp_path, die_at, average):
    schedule = replace(SCHEDULE, average=average)
    straight = Line()
    history = run(straight, tmp_path / "straight", schedule)
    killed = Line(die_at)
    with pytest.raises(KeyboardInterrupt):
        run(killed, tmp_path / "killed", schedule)
    resumed = Line()
    assert run(resumed, tmp_path / "killed", schedule).rows[1:] == history.rows[1:]
    assert killed.seen + resumed.seen == straight.seen
    assert all(torch.equal(a, b) for a, b in zip(weights(straight), weights(resumed), strict=True))


def test_every_sample_is_seen_once_an_epoch_in_another_order(tmp_path):
    task = Line()
    run(task, tmp_path / "run")
    epochs = [[sample for epoch, samples in task.seen if epoch == number for sample in samples] for number in range(4)]
    assert all(sorted(epoch) == list(range(18)) for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_the_best_state_is_kept_and_training_stops_when_nothing_becomes_better(tmp_path):
    task, errors, states = Line(), iter([5.0, 3.0, 4.0, 3.5, 1.0]), []

    def validate(module):
        states.append(weights(task))
        error = next(errors)
        return {"score": -error, "error": error}

    task.validate = validate
    history = run(task, tmp_path / "run", Schedule(epochs=9, batch_size=18, learning_rate=0.1, patience=2))
    assert [row["error"] for row in history.rows] == [5.0, 3.0, 4.0, 3.5]
    assert all(torch.equal(a, b) for a, b in zip(weights(task), states[1], strict=True))


def test_the_average_of_the_last_steps_is_what_is_measured_and_kept(tmp_path):
    task, steps, measured = Line(), [], []
    loss = task.loss

    def watched(*arguments):
        steps.append(weights(task))
        return loss(*arguments)

    def validate(module):
        measured.append(weights(task))
        return {"score": len(measured)}

    task.loss, task.validate = watched, validate
    run(task, tmp_path / "run", replace(SCHEDULE, epochs=2, average=0.5))
    # Weights before each step but the first are those after the one before; the last step's are not seen by a loss.
    average = measured[0]
    for number, after in enumerate(steps[1:6], start=1):
        memory = min(0.5, number / (number + 10))
        average = [memory * old + (1 - memory) * new for old, new in zip(average, after, strict=True)]
    assert len(steps) == 10
    assert all(torch.allclose(a, b) for a, b in zip(measured[1], average, strict=True))
    assert not any(torch.allclose(a, b) for a, b in zip(measured[1], steps[5], strict=True))
    assert all(torch.equal(a, b) for a, b in zip(weights(task), measured[-1], strict=True))


@pytest.mark.usefixtures("drawn_curves")
def test_it_learns_and_draws_its_curves(tmp_path):
    history = run(Line(), tmp_path / "run", Schedule(epochs=6, batch_size=2, learning_rate=0.1, patience=6))
    assert history.rows[history.best]["error"] < 0.05 * history.rows[0]["error"]
    rows = list(csv.DictReader((tmp_path / "run" / "curves.csv").read_text().splitlines()))
    assert [int(row["epoch"]) for row in rows] == list(range(7))
    assert float(rows[-1]["error"]) == pytest.approx(history.rows[-1]["error"], rel=1e-5)
    assert (tmp_path / "run" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    task = Line()
    task.points[3] = float("nan")
    with pytest.raises(MedSAMSegError) as caught:
        run(task, tmp_path / "run")
    assert caught.value.code == "loss_not_finite"


def test_a_damaged_state_is_told(tmp_path):
    run(Line(), tmp_path / "run")
    (tmp_path / "run" / "state.pt").write_bytes(b"damaged")
    with pytest.raises(MedSAMSegError) as caught:
        run(Line(), tmp_path / "run")
    assert caught.value.code == "state_unreadable" and "--restart" in caught.value.hint


def test_a_folder_belongs_to_one_run_until_it_begins_anew(tmp_path):
    folder = tmp_path / "run"
    open_run_folder(folder, {"seed": 0, "epochs": 3}, restart=False)
    (folder / "state.pt").write_bytes(b"state")
    open_run_folder(folder, {"seed": 0, "epochs": 3}, restart=False)
    with pytest.raises(MedSAMSegError) as caught:
        open_run_folder(folder, {"seed": 1, "epochs": 3}, restart=False)
    assert caught.value.code == "run_differs" and "seed" in caught.value.message
    open_run_folder(folder, {"seed": 1, "epochs": 3}, restart=True)
    assert not (folder / "state.pt").exists()


def test_a_folder_with_other_files_is_never_touched(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    for restart in (False, True):
        with pytest.raises(MedSAMSegError) as caught:
            open_run_folder(tmp_path, {}, restart)
        assert caught.value.code == "run_folder_used"
    assert (tmp_path / "thesis.txt").exists()
