"""Uploads files with tuspy, one after the other, and prints their SHA-256 as they are done.

Arguments: the endpoint, the access token, the submission, the files.
"""

import hashlib
import sys

from tusclient import client

WHOLE = 2**31
# A part with a checksum is all or nothing, so it must fit into one connection.
CHECKED = 128 * 1024

endpoint, token, submission, *files = sys.argv[1:]
tus = client.TusClient(endpoint, headers={"Authorization": f"Bearer {token}"})

for index, path in enumerate(files):
    with open(path, "rb") as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
    is_checked = index % 2 == 1
    uploader = tus.uploader(
        file_path=path,
        chunk_size=CHECKED if is_checked else WHOLE,
        upload_checksum=is_checked,
        metadata={"filename": "photo.jpg", "sha256": sha256, "submission": submission},
        retries=50,
        retry_delay=0,
    )
    uploader.upload()
    print(sha256, flush=True)
