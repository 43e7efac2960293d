// A CouchDB-like server on PouchDB: express-pouchdb over leveldb. Prints its port, and serves until it is ended.
// usage: node pouchdb-server.mjs <folder with node_modules> <folder for data>
import { createRequire } from "node:module";
import { join } from "node:path";
import { mkdirSync } from "node:fs";

const [folder, data] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const PouchDB = require("pouchdb").defaults({ prefix: data + "/" });
mkdirSync(data, { recursive: true });
process.chdir(data);
const app = require("express")();
app.use("/", require("express-pouchdb")(PouchDB, { mode: "minimumForPouchDB", inMemoryConfig: true }));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
