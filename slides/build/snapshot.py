"""Imports what programs in a tab begin with, in the Python whose memory `snapshot.mjs` keeps.

The job's folder is mounted at /job. Its job.json says where a process has its packages (`site`),
and what to import. Files are not memory: a process must have the same ones again.
"""

import contextlib
import gc
import importlib
import json
import shutil
import sys

with open("/job/job.json") as file:
    job = json.load(file)
shutil.copyfile("/job/site.zip", job["site"])
sys.path.insert(0, f"{job['site']}/lib")
for name in job["imports"]:
    with contextlib.suppress(ImportError):  # for another system, or an attribute
        importlib.import_module(name)
gc.collect()
# A float that is gone leaves its number in memory, and some were the time of the day: without
# others in their place, no two snapshots would be the same.
_ = [float(number) for number in range(10_000)]
