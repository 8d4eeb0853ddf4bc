"""For all tests: what the shell that starts them may have left different."""

import gc
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from medsamseg_server.system import paths

# Weights come from where `make weights` puts them, also when pytest is called without make.
HOME = os.environ.setdefault("MEDSAMSEG_HOME", str(Path(__file__).resolve().parents[1] / ".medsamseg"))

# Bytecode is kept: otherwise each of some hundred programs that the tests start compiles the sources anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Programs that a shell runs in the background ignore Ctrl+C, and so would the processes that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Converting a network takes seconds: tests with a home of their own share what was converted for the others.
SHARED_NETWORKS = paths.networks_folder()
paths.networks_folder = lambda: SHARED_NETWORKS


def _stayOnOwnProcessors():
    """One of several processes that run tests takes its share of the processors, and so do PyTorch and OpenVINO in it
    and the programs that it starts: threads of all for all would only take turns."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if not worker.startswith("gw") or not hasattr(os, "sched_setaffinity"):
        return
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, set(processors[int(worker[2:]) % count :: count]) or set(processors))


_stayOnOwnProcessors()

# Collecting makes objects that stay: looking through them for garbage again and again takes a third of the time.
gc.disable()


def pytest_collection_finish():
    """From here on there is garbage again; what collecting has left is none.

    It is looked for a tenth as often as usual: what tests import later are a million objects more, which stay as well.
    """
    gc.freeze()
    gc.set_threshold(7000, 10, 10)
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """The next file finds the weights where they are."""
    result = yield
    left = os.environ.get("MEDSAMSEG_HOME")
    if left != HOME and (nextitem is None or nextitem.path != item.path):
        os.environ["MEDSAMSEG_HOME"] = HOME
        pytest.fail(f"{item.path.name} leaves MEDSAMSEG_HOME as {left}.", pytrace=False)
    return result


#: Measured in seconds: one after the other, in one process.
LOOK_AT_THE_CLOCK = (
    "Testing/host/test_waiting.py",
    "Testing/soak/test_soak.py",
    "Testing/widget/test_responsiveness.py",
)


#: The files that take longest, which come first: one that began last would leave the other process without work.
#: LiteMedSAM is converted by the first of them, while the second one, and what goes with it, does without.
LONGEST = (
    "Testing/examples/test_every_modality.py",
    "Testing/training/test_train_commands.py",
    "Testing/extension/test_extension.py",
    "Testing/install/test_package_install.py",
    "Testing/examples/test_examples.py",
    "Testing/models/test_openvino_runtime.py",
    "Testing/cli/test_export_onnx.py",
    "Testing/logic/test_server_monitor.py",
    "Testing/logic/test_server_process.py",
    "Testing/logic/test_correction_training.py",
    "Testing/server/test_serving.py",
    "Testing/logic/test_with_server.py",
    "Testing/deploy/test_container.py",
    "Testing/models/test_input_sizes.py",
    "Testing/server/test_contract_fuzzing.py",
    "Testing/server/test_litemedsam.py",
    "Testing/server/test_reopening.py",
    "Testing/cli/test_segmentation_files.py",
    "Testing/cli/test_batch_command.py",
    "Testing/docs/test_site.py",
    "Testing/films/test_film_tracking.py",
    "Testing/window/test_window.py",
    "Testing/soak/test_soak.py",
    "Testing/widget/test_box_drawing.py",
    "Testing/widget/test_propagation_range.py",
    "Testing/widget/test_inputs.py",
    "Testing/widget/test_server_faults.py",
    "Testing/widget/test_lesions_in_panel.py",
    "Testing/widget/test_scene_life.py",
    "Testing/install/test_install_section.py",
    "Testing/widget/test_review.py",
    "Testing/widget/test_panel_work.py",
    "Testing/widget/test_improving.py",
)


def pytest_collection_modifyitems(config, items):
    """Where processes share the tests: files in the order in which they are handed out.

    Those with windows come last: once there are windows, their slice logics follow the scene of every test, which makes
    clearing it take twice as long for those that need none.
    """
    if not hasattr(config, "workerinput"):
        return
    sizes = Counter(_fileOf(item.nodeid) for item in items)
    withWindows = {_fileOf(item.nodeid) for item in items if "guiHost" in item.fixturenames} | set(LOOK_AT_THE_CLOCK)
    places = {file: place for place, file in enumerate(LONGEST)}

    def order(item):
        file = _fileOf(item.nodeid)
        return file in withWindows, places.get(file, len(LONGEST)), -sizes[file]

    items.sort(key=order)


def _fileOf(nodeid):
    return nodeid.partition("::")[0]


#: One after the other, in one process: what these import takes seconds (Transformers, PEFT, MONAI).
LEARNING = (
    "Testing/training/",
    "Testing/models/test_against_hugging_face.py",
    "Testing/models/test_preprocessing.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep the tests of a file together, so that what they share is made once, and those of some files as well."""
    from xdist.scheduler import LoadScopeScheduling

    # In the order of `pytest_collection_modifyitems`, not by the number of tests.
    config.option.loadscopereorder = False

    class FileScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = _fileOf(nodeid)
            if file in LOOK_AT_THE_CLOCK:
                return "clock"
            return "learning" if file.startswith(LEARNING) else file

    return FileScheduling(config, log)
