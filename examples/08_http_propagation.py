"""A propagation over HTTP, one line of JSON for each slice: ``python examples/08_http_propagation.py``."""

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

command = [sys.executable, "-m", "medsamseg_server", "serve", "--exit-with-stdin"]
with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
    ready = json.loads(server.stdout.readline())
    headers = {"Authorization": f"Bearer {ready['token']}"}
    with httpx.Client(base_url=f"http://{ready['host']}:{ready['port']}", headers=headers, timeout=300) as client:
        client.put(volume, content=npy.getvalue()).raise_for_status()
        request = {"window": "lung", "first": 22, "last": 26, "prompts": [{"slice": 24, "box": BOX}]}
        # Each line comes as soon as its slice is done; closing the connection cancels the rest.
        with client.stream("POST", f"{volume}/propagate", json=request) as events:
            for event in map(json.loads, events.iter_lines()):
                print(event["event"], event["slice"] if event["event"] == "slice" else "")
    server.stdin.close()
