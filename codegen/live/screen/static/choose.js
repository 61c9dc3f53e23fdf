/** Whole definitions: from another notation, an example, a file, the address. */
import { copy, say } from "./dom.js";
import { addressed, linked, opened, remember } from "./files.js";
import { asking, lost, nothing, typed } from "./run.js";
import { FIELDS, state } from "./state.js";
import { NOTATIONS, fill, fixing, offer, taken, tell, whatIfs } from "./write.js";

const WHAT_IF = "what if"; // the kind of examples that change what is written

/** What was written in each notation, to come back to. @type {Record<string, import("./state.js").Definition>} */
const drafts = {};
const converted = { text: "", from: "" };

/** The switch of notations has been moved. */
export function switched() {
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
      load({ ...before, shapes: "", ...answer, letters: before.letters });
    } else if (answer.event === "error") kept(answer.message, to);
    else lost(answer);
  });
}

/** The text cannot be had in another notation: what can be done. @param {string} reason @param {string} to */
function kept(reason, to) {
  const as = fixing(`Read it as ${NOTATIONS[to]}`, () => load({ notation: to }));
  const draft =
    drafts[to] && fixing(`Back to what was there in ${NOTATIONS[to]}`, () => load(drafts[to]));
  tell(reason, "asking", draft ? [as, draft] : [as]);
}

/** Takes a whole definition. @param {Partial<import("./state.js").Definition>} definition */
export function load(definition) {
  const known = Object.fromEntries(
    FIELDS.filter((f) => f in definition).map((f) => [f, definition[f]]),
  );
  fill(known);
  typed();
}

/** Asks which examples there are. */
export function examples() {
  asking({ ask: "examples" }, (answer) => {
    if (answer.event !== "examples") return;
    offer(
      "examples",
      answer.items.filter((/** @type {any} */ item) => item.kind !== WHAT_IF),
      example,
    );
    whatIfs(answer.items.filter((/** @type {any} */ item) => item.kind === WHAT_IF));
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
export function dropped(files) {
  if (files?.length) opened(files[0]).then(load, (error) => tell(error.message, "error"));
}

/** The address without its token, with the definition. @param {HTMLElement} pressed */
export function share(pressed) {
  copy(linked(location.href), pressed);
}

/** Takes the definition of the address, or begins with none. */
export function arrive() {
  const found = addressed();
  if (found) load(found);
  else nothing();
}
