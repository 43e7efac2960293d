// Uploads files with tus-js-client, one after the other, and prints their SHA-256 as they are done.
// Arguments: the folder with the package, the endpoint, the access token, the submission, the files.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, endpoint, token, submission, ...files] = process.argv.slice(2);
const { Upload } = createRequire(join(folder, "package.json"))("tus-js-client");

// A creation whose answer never comes begins anew, so what goes with it must fit into one connection.
const FIRST = 128 * 1024;

const send = (bytes, sha256, isWithCreation) =>
  new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { filename: "photo.jpg", sha256, submission },
      retryDelays: Array(50).fill(10),
      uploadDataDuringCreation: isWithCreation,
      chunkSize: isWithCreation ? FIRST : Infinity,
      onError: reject,
      onSuccess: resolve,
    });
    upload.start();
  });

for (const [index, file] of files.entries()) {
  const bytes = readFileSync(file);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await send(bytes, sha256, index % 2 === 1);
  console.log(sha256);
}
