"""What a scene needs to open a bundle (.mrb): the data IO manager with its cache folder."""

import slicer


class BundleIO:
    """Keeps the logics alive that vtkMRMLScene::ReadFromMRB asks for."""

    def __init__(self, scene, applicationLogic, cacheFolder):
        self._remoteIOLogic = slicer.vtkMRMLRemoteIOLogic()
        self._remoteIOLogic.SetMRMLScene(scene)
        self._remoteIOLogic.SetMRMLApplicationLogic(applicationLogic)
        self._remoteIOLogic.GetCacheManager().SetRemoteCacheDirectory(str(cacheFolder))
        self._dataIOManagerLogic = slicer.vtkDataIOManagerLogic()
        self._dataIOManagerLogic.SetMRMLScene(scene)
        self._dataIOManagerLogic.SetMRMLApplicationLogic(applicationLogic)
        self._dataIOManagerLogic.SetAndObserveDataIOManager(self._remoteIOLogic.GetDataIOManager())
        self._remoteIOLogic.AddDataIOToScene()
