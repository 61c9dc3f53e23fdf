/** Compiles Python's packages for Pyodide: `node bundle.mjs PYODIDE OUT PACKAGE=FOLDER…`. */
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, out, ...packages] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(path.join(folder, "pyodide.mjs")).href);
const python = await loadPyodide({ indexURL: folder + path.sep });
packages.forEach((given, number) => {
  const [name, root] = given.split("=");
  python.FS.mkdirTree(`/from/${number}`);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, `/from/${number}`);
  packages[number] = [name, `/from/${number}`];
});
python.runPython(fs.readFileSync(path.join(import.meta.dirname, "bundle.py"), "utf-8"));
python.globals.get("archived")(python.toPy(packages), "/bundle.zip");
fs.writeFileSync(out, python.FS.readFile("/bundle.zip"));
process.exit(0);
