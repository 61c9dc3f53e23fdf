/** What happens when: each key is read, a rest of 300 ms derives, the next key stops that. */
import { ask } from "./ask.js";
import { all, button, copy, download, make, say, the } from "./dom.js";
import { addressed, filed, fragment, opened, remember } from "./files.js";
import { aim, came, emptied, layer, moved, proved, roving, show, trouble } from "./follow.js";
import * as right from "./reasons.js";
import { FIELDS, enter, state } from "./state.js";
import { NOTATIONS, fault, faultless, fill, fitting, fixing, offer, taken, tell, understood } from "./write.js";

const REST = 300; // ms without a key after which it is derived
const AGAIN = 8000; // ms at most between two tries to reach the server

/** What is under way, each kind apart; a new question of a kind ends the one before. */
const going = /** @type {Record<string, {abort: () => void}>} */ ({});
const read = { done: false, rested: false, fault: /** @type {any} */ (null) };
let resting = 0;
let trying = 0;
let draws = 0;

/** Asks about the definition that stands there. @type {right.Asking} */
function asking(question, onEvent) {
  const kind = String(question.ask);
  going[kind]?.abort();
  going[kind] = ask({ ...state.definition, ...question, ask: kind }, onEvent);
}

// -- typing --------------------------------------------------------------------------------------

/** The text has changed: read at once, derived after a rest. */
function typed() {
  going.derive?.abort();
  clearTimeout(resting);
  clearTimeout(trying);
  Object.assign(read, { done: false, rested: false, fault: null });
  fitting();
  if (!state.definition.text.trim()) return nothing();
  document.body.dataset.old = "";
  enter("typing");
  asking({ ask: "read" }, readAnswer);
  resting = setTimeout(rested, REST);
}

/** Nothing is written. */
function nothing() {
  going.read?.abort();
  faultless();
  understood({ event: "read", equations: [] });
  right.forget();
  emptied();
  show(false);
  remember();
  enter("empty");
}

/** @param {import("./ask.js").Answer} answer */
function readAnswer(answer) {
  if (answer.event === "read") {
    Object.assign(read, { done: true, fault: null });
    faultless();
    understood(answer);
    if (read.rested) derive();
  } else if (answer.event === "error") {
    read.fault = answer;
    if (read.rested) wrong(answer);
  } else lost(answer);
}

/** No key for a while. */
function rested() {
  read.rested = true;
  remember();
  if (read.fault) wrong(read.fault);
  else if (read.done) derive();
}

/** @param {import("./ask.js").Answer} answer */
function wrong(answer) {
  enter(answer.asking ? "asking" : "error");
  fault(answer);
}

// -- deriving ------------------------------------------------------------------------------------

/** Derives what stands there. */
function derive() {
  clearTimeout(resting);
  if (!state.definition.text.trim()) return;
  Object.assign(state, { names: [], gradients: 0 });
  enter("deriving");
  asking({ ask: "derive", seconds: state.seconds }, deriveAnswer);
}

/** What each event of a derivation does. @type {Record<string, (answer: import("./ask.js").Answer) => void>} */
const HAPPENS = {
  layer(answer) {
    right.home();
    layer(answer);
    enter("deriving");
  },
  gradient(answer) {
    came(answer);
    enter("deriving");
  },
  derived(answer) {
    state.steps = answer.steps;
    enter("proving");
  },
  tangent: came,
  second: came,
  proved(answer) {
    proved(answer);
    enter("proving");
  },
  refuted(answer) {
    enter("refuted", answer.message);
    trouble("Nothing below is a result.", answer.message);
  },
  "too large"(answer) {
    enter("large", answer.message);
    trouble(answer.message, answer.advice);
  },
  error: wrong,
  done(answer) {
    if (state.phase === "refuted" || state.phase === "large") return;
    enter("done", answer.seconds ? `${answer.seconds.toFixed(1)} s.` : "");
    right.again(asking);
  },
};

/** @param {import("./ask.js").Answer} answer */
function deriveAnswer(answer) {
  (HAPPENS[answer.event] ?? lost)(answer);
}

/** Ends what is under way. */
function stop() {
  clearTimeout(resting);
  const busy = !the("stop").hidden;
  going.derive?.abort();
  if (busy) enter("stopped");
  if (document.activeElement === document.body && busy) the("text").focus();
}

// -- the server is not there ---------------------------------------------------------------------

/** No answer, or half of one: says so and tries again. @param {import("./ask.js").Answer} answer */
function lost({ event }) {
  if (event === "done") return (state.again = 0);
  const words = {
    gone: "The server does not answer. It is tried again until it does; pullback live starts it.",
    "cut off": "The answer was cut off before its end. It is asked again.",
    locked: "The server has a new address. Open the one that pullback live prints.",
  }[event];
  if (!words) return;
  clearTimeout(resting);
  enter("gone");
  const wait = Math.min(AGAIN, 1000 * 2 ** state.again++);
  const now = button("Try now", restart, { class: "fix" });
  tell(words, "error", event === "locked" ? [] : [now]);
  if (event !== "locked") trying = setTimeout(restart, wait);
}

/** Asks all over again. */
function restart() {
  clearTimeout(trying);
  the("examples").hidden && examples();
  faultless();
  typed();
}

// -- other notations, examples, files ------------------------------------------------------------

/** What was written in each notation, to come back to. @type {Record<string, import("./state.js").Definition>} */
const drafts = {};
const converted = { text: "", from: "" };

/** The switch of notations has been moved. */
function switched() {
  const before = { ...state.definition };
  taken();
  const to = state.definition.notation;
  drafts[before.notation] = before;
  if (!before.text.trim()) return typed();
  if (before.text === converted.text && to === converted.from) return load(drafts[to]);
  state.definition = before;
  fill({});
  asking({ ask: "convert", to }, (answer) => {
    if (answer.event === "text") {
      Object.assign(converted, { text: answer.text, from: before.notation });
      load({ shapes: "", ...before, ...answer, letters: before.letters });
    } else if (answer.event === "error") kept(answer.message, to);
    else lost(answer);
  });
}

/** The text cannot be had in another notation: what can be done. @param {string} reason @param {string} to */
function kept(reason, to) {
  const as = fixing(`Read it as ${NOTATIONS[to]}`, () => load({ notation: to }));
  const draft = drafts[to] && fixing(`Back to what was there in ${NOTATIONS[to]}`, () => load(drafts[to]));
  tell(reason, "asking", draft ? [as, draft] : [as]);
}

/** Takes a whole definition. @param {Partial<import("./state.js").Definition>} definition */
function load(definition) {
  const known = Object.fromEntries(FIELDS.filter((f) => f in definition).map((f) => [f, definition[f]]));
  fill(known);
  typed();
}

/** Asks which examples there are. */
function examples() {
  asking({ ask: "examples" }, (answer) => {
    if (answer.event === "examples") offer("examples", answer.items, example);
  });
}

/** An example in place of the text; the browser's Back brings that back. @param {any} item */
function example(item) {
  const { title, ...definition } = item;
  remember();
  history.pushState(null, "", location.href);
  load({ shapes: "", wrt: "", letters: "", ...definition });
  say(`Example: ${title}`);
}

/** @param {FileList | null | undefined} files */
function dropped(files) {
  if (files?.length) opened(files[0]).then(load, (error) => tell(error.message, "error"));
}

/** The address without its token, with the definition. @param {HTMLElement} pressed */
function share(pressed) {
  copy(`${location.origin}${location.pathname}${fragment()}`, pressed);
}

// -- wires ---------------------------------------------------------------------------------------

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.key === "Escape") stop();
  else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (event.target === the("claim")) right.check(asking);
    else if (event.target === the("own")) right.work(asking, 0);
    else if (taken() || read.done) read.done ? derive() : hurried();
    else hurried();
  } else moved(event);
}

/** Derives as soon as the text is read. */
function hurried() {
  typed();
  clearTimeout(resting);
  rested();
}

/** A step was pressed, its number or its formula. @param {MouseEvent} event */
function reason(event) {
  const target = /** @type {Element} */ (event.target);
  const row = /** @type {HTMLElement | null} */ (target.closest(".step[data-step]"));
  if (!row || !getSelection()?.isCollapsed) return;
  event.preventDefault();
  aim(all(".ask", row)[0]);
  right.pictured(row);
  right.why(row, asking);
}

/** Level and notation of what is shown are classes of the whole page. */
function viewed() {
  document.body.dataset.level = all("[name=level]:checked")[0].value;
  document.body.dataset.notation = all("[name=shown]:checked")[0].value;
  document.body.classList.toggle("hiding", the("hide").checked);
  roving();
}

/** @param {string} id @param {string} event @param {(event: any) => void} happens */
function on(id, event, happens) {
  the(id).addEventListener(event, happens);
}

function wire() {
  for (const id of ["text", "shapes", "wrt", "letters"]) on(id, "input", () => taken() && typed());
  for (const radio of all("[name=notation]")) radio.addEventListener("change", switched);
  for (const radio of all("[name=level], [name=shown], #hide")) radio.addEventListener("change", viewed);
  on("stop", "click", stop);
  on("open", "click", () => the("file").click());
  on("file", "change", () => (dropped(the("file").files), (the("file").value = "")));
  on("save", "click", () => download(...filed()));
  on("share", "click", () => share(the("share")));
  on("work", "click", () => right.work(asking, 0));
  on("draw", "click", () => right.work(asking, ++draws));
  on("follow", "click", reason);
  on("seconds", "click", () => ((state.seconds = true), derive()));
  on("pair", "change", right.picture);
  on("code", "click", () => right.code(asking));
  on("target", "change", () => right.retarget(asking));
  on("copy-code", "click", () => right.copyCode(the("copy-code")));
  on("save-code", "click", right.saveCode);
  on("check", "click", () => right.check(asking));
  document.addEventListener("keydown", pressed);
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => (event.preventDefault(), dropped(event.dataTransfer?.files)));
  addEventListener("popstate", arrive);
  for (const skip of all(".skip")) skip.addEventListener("click", skipped);
}

/** To a column without a change of the address, which holds the definition. @param {Event} event */
function skipped(event) {
  event.preventDefault();
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  the(link.hash.slice(1)).focus();
}

/** Takes the definition of the address, or begins with none. */
function arrive() {
  const found = addressed();
  if (found) load(found);
  else nothing();
}

wire();
viewed();
examples();
arrive();
