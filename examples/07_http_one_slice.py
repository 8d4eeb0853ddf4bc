"""The server as another program uses it, over HTTP: ``python examples/07_http_one_slice.py``."""

import base64
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import SimpleITK as sitk

SAMPLE = Path(__file__).resolve().parents[1] / "MedSAMSeg" / "Resources" / "SampleData" / "RiderChestCT.nrrd"
BOX = [54, 160, 101, 204]

npy = io.BytesIO()
np.save(npy, sitk.GetArrayFromImage(sitk.ReadImage(SAMPLE)))
volume = f"/v1/volumes/{hashlib.sha256(npy.getvalue()).hexdigest()}"

# The server says in its first line where it listens and which token it wants, and ends with its standard input.
command = [sys.executable, "-m", "medsamseg_server", "serve", "--exit-with-stdin"]
with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
    ready = json.loads(server.stdout.readline())
    headers = {"Authorization": f"Bearer {ready['token']}"}
    with httpx.Client(base_url=f"http://{ready['host']}:{ready['port']}", headers=headers, timeout=300) as client:
        client.put(volume, content=npy.getvalue()).raise_for_status()
        request = {"axis": 0, "slice": 24, "window": "lung", "prompts": [{"box": BOX}]}
        mask = client.post(f"{volume}/segment", json=request).raise_for_status().json()["masks"][0]
    server.stdin.close()

x0, y0, x1, y1 = mask["extent"]
bits = np.unpackbits(np.frombuffer(base64.b64decode(mask["bits"]), np.uint8), count=(y1 - y0 + 1) * (x1 - x0 + 1))
print(f"{bits.sum()} voxels in columns {x0} to {x1} and rows {y0} to {y1}")
