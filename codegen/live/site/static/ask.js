/**
 * The way to the engine where there is no server: a worker of the page, in place of
 * `codegen/live/screen/static/ask.js`, which says what `ask` must do.
 */

const PATIENCE = 4000; // milliseconds that an answer may take to end once it is given up
const LOADING = "Python and SymPy are loaded into this page; that takes some seconds.";
const PARTS = ["engine", "wasm", "stdlib", "bundle"];

/** @typedef {{question: object, tell: (answer: any) => void}} Open */
/** @type {Map<number, Open>} */
const open = new Map(); // questions without their last event
let last = 0;
/** @type {Promise<Record<string, Uint8Array>> | undefined} */
let parts;
/** @type {Worker | undefined} */
let engine;
let ready = false;
let said = ""; // what the page said before the engine was loaded

/** A part of this file as bytes. @param {string} name @returns {Promise<[string, Uint8Array]>} */
async function part(name) {
  const packed = /** @type {HTMLElement} */ (document.getElementById(`part-${name}`)).textContent;
  const bytes = Uint8Array.from(atob((packed ?? "").trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return [name, new Uint8Array(await new Response(stream).arrayBuffer())];
}

/** Says that the engine is loaded, and then again what was said before. @param {boolean} loading */
function status(loading) {
  const shown = /** @type {HTMLElement} */ (document.getElementById("status"));
  if (loading) said = shown.textContent ?? "";
  if (loading || shown.textContent === LOADING) shown.textContent = loading ? LOADING : said;
}

async function begin() {
  ready = false;
  setTimeout(() => ready || status(true)); // behind what the page says first
  parts ??= Promise.all(PARTS.map(part)).then(Object.fromEntries);
  const found = await parts;
  const address = URL.createObjectURL(
    new Blob([/** @type {any} */ (found.engine)], { type: "text/javascript" }),
  );
  const made = (engine = new Worker(address));
  made.onmessage = ({ data }) => made === engine && heard(data);
  made.onerror = () => made === engine && failed();
  made.postMessage({ parts: found });
}

/** @param {{ready?: boolean, failed?: string, ended?: boolean, id: number, event: any}} data */
function heard(data) {
  if (data.failed) return failed(data.failed);
  if (data.ready) {
    ready = true;
    status(false);
    for (const [id, { question }] of open) engine?.postMessage({ id, question });
    return;
  }
  if (data.ended) open.delete(data.id);
  else open.get(data.id)?.tell(data.event);
}

function failed(reason = "") {
  if (reason) console.error(reason);
  const all = [...open.values()];
  open.clear();
  engine = undefined;
  for (const { tell } of all) tell({ event: "gone" });
}

/** @param {{ask: string}} question @param {(answer: any) => void} onEvent */
export function ask(question, onEvent) {
  const id = ++last;
  let aborted = false;
  open.set(id, { question, tell: (answer) => aborted || onEvent(answer) });
  if (!engine) void begin();
  else if (ready) engine.postMessage({ id, question });
  return {
    abort() {
      aborted = true;
      if (!open.has(id)) return;
      if (!ready) return open.delete(id);
      engine?.postMessage({ id, abort: true });
      setTimeout(() => given(id), PATIENCE);
    },
  };
}

/** An answer that nobody waits for is still being worked out: Python cannot be asked to stop. */
function given(/** @type {number} */ id) {
  if (!open.delete(id) || !engine) return;
  engine.terminate();
  void begin();
}
