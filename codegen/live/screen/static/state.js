/**
 * All that the page knows, in one object, and the phases through which a text goes.
 *
 * @typedef {{notation: string, text: string, shapes: string, wrt: string, letters: string}} Definition
 */
import { all, say, the } from "./dom.js";

/** @type {readonly (keyof Definition)[]} */
export const FIELDS = ["notation", "text", "shapes", "wrt", "letters"];

export const state = {
  /** @type {Definition} */
  definition: { notation: "matrices", text: "", shapes: "", wrt: "", letters: "" },
  phase: "empty",
  seconds: false, // are tangents and second derivatives wanted?
  /** @type {string[]} */
  names: [], // of the gradients to come, in reverse order
  gradients: 0, // that have come
  steps: 0, // there are
  /** @type {Map<number, {mark: string, check: string}>} */
  marks: new Map(), // of steps proved
  proved: false, // is what is shown proved to its end?
  step: 0, // the one whose reason is shown
  again: 0, // times that the server was not there
};

/** What each phase says. @type {Record<string, () => string>} */
const WORDS = {
  empty: () => "Write a forward pass, or take an example.",
  typing: () => "Typing. What follows is from before.",
  error: () => "There is something to mend in the text.",
  asking: () => "There is a question about the text.",
  deriving: () => `Deriving${of(state.gradients, state.names.length, "gradient")}`,
  proving: () => `Proving${of(state.marks.size, state.steps, "step")}`,
  done: () => `Done. ${proofWords()}`,
  stopped: () => "Stopped. Ctrl-Enter derives.",
  refuted: () => "Refuted. Nothing below is a result.",
  large: () => "Too large to derive here.",
  gone: () => "The server does not answer.",
};

const BUSY = new Set(["deriving", "proving"]);

/** @param {number} done @param {number} whole @param {string} what */
function of(done, whole, what) {
  return whole ? `: ${done} of ${count(whole, what)}` : " …";
}

/** @param {number} number @param {string} what */
export function count(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** How the proof went. */
function proofWords() {
  const marks = [...state.marks.values()].map((found) => found.mark);
  const every = marks.filter((mark) => mark === "✓").length;
  const some = marks.length - every;
  if (!marks.length) return "No step needed a proof.";
  if (!some) return `${count(every, "step")}, each proved for every size.`;
  return `${count(marks.length, "step")}: ${every} proved for every size, ${some} at small sizes.`;
}

/**
 * Goes on to a phase: the page's look hangs on it, and its words are said once.
 *
 * @param {string} phase
 * @param {string} [more]  to be said after the words of the phase
 */
export function enter(phase, more = "") {
  const fresh = state.phase !== phase;
  state.phase = phase;
  document.body.dataset.phase = phase;
  const words = `${WORDS[phase]()} ${more}`.trim();
  the("status").textContent = words;
  if (fresh) say(words);
  the("stop").hidden = !BUSY.has(phase);
  the("follow").setAttribute("aria-busy", String(BUSY.has(phase)));
  all("[data-result]").forEach((made) => (made.disabled = phase === "refuted"));
  const [done, whole] =
    phase === "proving" ? [state.marks.size, state.steps] : [state.gradients, state.names.length];
  the("progress").hidden = !BUSY.has(phase);
  the("progress").max = whole || 1;
  the("progress").value = whole ? done : 0;
}
