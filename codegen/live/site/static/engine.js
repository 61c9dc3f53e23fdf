/** Pyodide with the engine, in a worker of the page; see `codegen/live/worker.py` for its manners. */
import { loadPyodide } from "pyodide";
import createPyodideModule from "pyodide/pyodide.asm.mjs";
import { info } from "pyodide/pyodide-lock.json";
import temml from "temml";

const START = `
import json, sys, zipfile
zipfile.ZipFile("/bundle.zip").extractall("/site")
sys.path[:0] = ["/site", "/site/browser"]
from pullback.codegen.live.answers import Answers
from pullback.codegen.live.questions import KINDS
answers = Answers()
begin = lambda text: map(json.dumps, answers.to(json.loads(text)))
waits = {name for name, kind in KINDS.items() if kind.proved}
`;
const WASM = "pyodide.asm.wasm";

/** @typedef {{id: number, question?: {ask: string}, abort?: boolean}} Message */
/** @type {Message[]} */
const waiting = []; // messages that came while something was answered
/** @type {Message[]} */
const later = []; // those that wait for the proof
let wake = () => {};

/** Python, its parts given as bytes. @param {{wasm: Uint8Array, stdlib: Uint8Array, bundle: Uint8Array}} parts */
async function started({ wasm, stdlib, bundle }) {
  const fetched = self.fetch;
  self.fetch = async (/** @type {any} */ address, options) =>
    String(address).endsWith(WASM)
      ? new Response(/** @type {any} */ (wasm), { headers: { "Content-Type": "application/wasm" } })
      : fetched(address, options);
  const python = await loadPyodide({
    createPyodideModule,
    indexURL: "https://pyodide.invalid/", // nothing is fetched from there
    stdLibURL: URL.createObjectURL(new Blob([/** @type {any} */ (stdlib)])),
    lockFileContents: JSON.stringify({ info, packages: {} }),
    packageBaseUrl: "https://pyodide.invalid/",
  });
  python.FS.writeFile("/bundle.zip", bundle);
  python.registerJsModule("temml", {
    render: (/** @type {string} */ latex) =>
      temml.renderToString(latex, { displayMode: true, throwOnError: true }),
  });
  python.runPython(START);
  return python;
}

/** Lets messages come in. */
function breath() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => resolve(undefined);
    channel.port2.postMessage(0);
  });
}

/** The events of an answer, one by one, with messages taken in between. */
class Answer {
  /** @param {any} python @param {Message} message */
  constructor(python, message) {
    this.python = python;
    this.message = message;
    this.events = python.globals.get("begin")(JSON.stringify(message.question));
  }

  /** Posts the next event; was there one? */
  step() {
    const { done, value } = this.events.next();
    if (!done) self.postMessage({ id: this.message.id, event: JSON.parse(value) });
    return !done;
  }

  close() {
    this.events.destroy();
    self.postMessage({ id: this.message.id, ended: true });
  }
}

/** @param {any} python */
async function serve(python) {
  const waits = new Set(python.globals.get("waits").toJs());
  for (;;) {
    const message = later.shift() ?? waiting.shift();
    if (!message) {
      await new Promise((resolve) => (wake = () => resolve(undefined)));
      continue;
    }
    if (!message.question) continue;
    const answer = new Answer(python, message);
    let goes = true;
    while (goes && answer.step()) {
      await breath();
      for (const other of waiting.splice(0)) goes = between(python, waits, message, other) && goes;
    }
    answer.close();
  }
}

/**
 * A message that comes while another one is being answered; does that answer go on?
 *
 * @param {any} python @param {Set<string>} waits @param {Message} running @param {Message} message
 */
function between(python, waits, running, message) {
  if (message.abort) {
    const at = later.findIndex((one) => one.id === message.id);
    if (at >= 0) self.postMessage({ id: later.splice(at, 1)[0].id, ended: true });
    return message.id !== running.id;
  }
  const asked = message.question?.ask ?? "";
  if (asked === "derive" || waits.has(asked)) {
    later.push(message);
    return asked !== "derive";
  }
  const answer = new Answer(python, message);
  while (answer.step());
  answer.close();
  return true;
}

self.onmessage = ({ data }) => {
  if (data.parts) {
    started(data.parts).then(
      (python) => (self.postMessage({ ready: true }), serve(python)),
      (error) => self.postMessage({ failed: String(error) }),
    );
    return;
  }
  waiting.push(data);
  wake();
};
