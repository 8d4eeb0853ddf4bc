"""Sequences for tests, as Slicer makes them when it loads several time points."""

import slicer

SECONDS_A_FRAME = 0.04


def addSequence(frames, name="Cine", nodeClass=None):
    """:return: (volume that shows the frames, vtkMRMLSequenceBrowserNode), from arrays (K, J, I) or (K, J, I, 3)."""
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", f"{name} frames")
    sequence.SetIndexName("time")
    sequence.SetIndexUnit("s")
    for number, array in enumerate(frames):
        node = slicer.util.addVolumeFromArray(array, name="frame", nodeClassName=nodeClass)
        sequence.SetDataNodeAtValue(node, f"{number * SECONDS_A_FRAME:.2f}")
        slicer.mrmlScene.RemoveNode(node)
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", f"{name} browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    volume = browser.GetProxyNode(sequence)
    volume.SetName(name)
    browser.SetOverwriteProxyName(sequence, False)
    return volume, browser
