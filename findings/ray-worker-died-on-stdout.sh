#!/bin/sh
# Ray 2.60.0 prints "A worker died …" on the driver's standard output, although ray.init was told log_to_driver=False and
# logging_level=ERROR. A program whose output is JSON has it in between, and one whose output nobody reads any more blocks
# at its end: ray.shutdown joins the thread that prints.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'ray==2.60.0'
cat > "$folder/program.py" <<'PROGRAM'
import logging, os, time
import ray

ray.init(address="local", include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)

@ray.remote(max_retries=0)
def end():
    os._exit(9)

try:
    ray.get(end.remote())
except ray.exceptions.WorkerCrashedError:
    pass
time.sleep(5)
PROGRAM
RAY_USAGE_STATS_ENABLED=0 "$folder/venv/bin/python" "$folder/program.py" > "$folder/output" 2> /dev/null
grep --quiet 'A worker died' "$folder/output" || { echo "Nothing was printed: this has changed."; exit 1; }
echo "Ray 2.60.0 printed on standard output: $(head -c 120 "$folder/output")"
