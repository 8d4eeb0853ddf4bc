"""The color table from which Slicer takes the colors of new segments; the wheel lacks its file."""

import slicer

#: Where Slicer looks for it.
TAG = "FileGenericAnatomyColors.txt"

#: The first colors of Slicer's table, 0 to 255; entry 0 is the background.
COLORS = (
    ("background", (0, 0, 0)),
    ("tissue", (128, 174, 128)),
    ("bone", (241, 214, 145)),
    ("skin", (177, 122, 101)),
    ("connective tissue", (111, 184, 210)),
    ("blood", (216, 101, 79)),
    ("organ", (221, 130, 101)),
)


def addSegmentColors(scene):
    """Give a scene the table; without it, segments get random colors.

    :param scene: vtkMRMLScene.
    """
    table = slicer.vtkMRMLColorTableNode()
    table.SetSingletonTag(TAG)
    table.SetName("GenericAnatomyColors")
    table.SetTypeToFile()
    table.SetHideFromEditors(True)
    table.SaveWithSceneOff()
    table.SetNumberOfColors(len(COLORS))
    for index, (name, color) in enumerate(COLORS):
        table.SetColor(index, name, *(value / 255 for value in color), 1.0)
    scene.AddNode(table)
