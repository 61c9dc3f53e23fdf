/** The way of a text: each key is read, a rest of 300 ms derives, the next key stops that. */
import { ask } from "./ask.js";
import { button, the } from "./dom.js";
import { LARGEST, remember } from "./files.js";
import { came, emptied, layer, left, proved, show, trouble } from "./follow.js";
import * as right from "./reasons.js";
import { enter, state } from "./state.js";
import { fault, faultless, fitting, tell, understood } from "./write.js";

const REST = 300; // ms without a key after which it is derived
const AGAIN = 8000; // ms at most between two tries to reach the server

/** What is under way, each kind apart; a new question of a kind ends the one before. */
const going = /** @type {Record<string, {abort: () => void}>} */ ({});
export const read = { done: false, rested: false, fault: /** @type {any} */ (null) };
let resting = 0;
let trying = 0;

/** Asks about the definition that stands there. @type {right.Asking} */
export function asking(question, onEvent) {
  const kind = String(question.ask);
  going[kind]?.abort();
  going[kind] = ask({ ...state.definition, ...question, ask: kind }, onEvent);
}

// -- typing --------------------------------------------------------------------------------------

/** The text has changed: read at once, derived after a rest. */
export function typed() {
  for (const kind of ["derive", "why", "code", "check", "example"]) going[kind]?.abort();
  clearTimeout(resting);
  clearTimeout(trying);
  Object.assign(read, { done: false, rested: false, fault: null });
  fitting();
  if (!state.definition.text.trim()) return nothing();
  if (the("gradients").children.length) document.body.dataset.old = "";
  else the("trouble").hidden = true; // it was about another text
  if (state.definition.text.length > LARGEST) return wrong(tooLong());
  enter("typing");
  asking({ ask: "read" }, readAnswer);
  resting = setTimeout(rested, REST);
}

/** What is said of a text that is not even asked about. */
const tooLong = () => ({
  event: "error",
  message: `The text has ${state.definition.text.length} characters; ${LARGEST} are taken.`,
});

/** Nothing is written. */
export function nothing() {
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
export function derive() {
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
  note: left,
  proved(answer) {
    proved(answer);
    enter("proving");
  },
  refuted(answer) {
    enter("refuted");
    trouble(`Nothing below is a result: ${answer.message}`);
  },
  "too large"(answer) {
    enter("large");
    trouble(`Too large: ${answer.message}`, answer.advice);
  },
  error: wrong,
  done(answer) {
    if (the("stop").hidden) return; // there was an error, or it is refuted or too large
    state.proved = true;
    enter("done", answer.seconds ? `${answer.seconds.toFixed(1)} s.` : "");
    right.again(asking);
  },
};

/** @param {import("./ask.js").Answer} answer */
function deriveAnswer(answer) {
  (HAPPENS[answer.event] ?? lost)(answer);
}

/** Derives as soon as the text is read. */
export function hurried() {
  typed();
  clearTimeout(resting);
  rested();
}

/** Ends what is under way. */
export function stop() {
  clearTimeout(resting);
  const busy = !the("stop").hidden;
  going.derive?.abort();
  if (busy) enter("stopped");
  if (document.activeElement === document.body && busy) the("text").focus();
}

// -- the server is not there ---------------------------------------------------------------------

/** No answer, or half of one: says so and tries again. @param {import("./ask.js").Answer} answer */
export function lost({ event }) {
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
  dispatchEvent(new Event("again"));
  faultless();
  typed();
}
