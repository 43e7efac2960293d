// A device on PouchDB over leveldb. Prints what it came to as one line of JSON.
// usage: node pouchdb-client.mjs <folder with node_modules> <store> fill <documents, one a line> <photo> <photos for each>
//        node pouchdb-client.mjs <folder with node_modules> <store> push|pull <database address> <batch size>
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, store, role, ...rest] = process.argv.slice(2);
const PouchDB = createRequire(join(folder, "package.json"))("pouchdb");
const db = new PouchDB(store);
const PHOTO_BYTES = 307200;

// A real photo, and behind its end what makes it another file.
function photo(base) {
  return Buffer.concat([base, randomBytes(PHOTO_BYTES - base.length)]);
}

async function fill(documents, photoFile, photos) {
  const base = readFileSync(photoFile);
  const lines = readFileSync(documents, "utf8").trim().split("\n");
  let bytes = 0;
  for (const line of lines) {
    bytes += Buffer.byteLength(line);
    const document = JSON.parse(line);
    for (let place = 0; place < Number(photos); place++) {
      document._attachments ??= {};
      document._attachments[`photo_${place}.jpg`] = { content_type: "image/jpeg", data: photo(base) };
    }
    await db.put(document);
  }
  return { documents: lines.length, document_bytes: bytes };
}

async function replicate(direction, url, batch) {
  const options = { batch_size: Number(batch), batches_limit: 10 };
  const done = await (direction === "push" ? db.replicate.to(url, options) : db.replicate.from(url, options));
  if (!done.ok) throw new Error(JSON.stringify(done));
  return { documents: direction === "push" ? done.docs_written : (await db.info()).doc_count };
}

const started = performance.now();
const result = role === "fill" ? await fill(...rest) : await replicate(role, ...rest);
result.seconds = (performance.now() - started) / 1000;
result.peak_kib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
console.log(JSON.stringify(result));
await db.close();
