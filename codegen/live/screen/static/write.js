/** The left column: the text with its faults marked, what was understood, examples. */
import { all, button, coded, make, put, say, the } from "./dom.js";
import { FIELDS, state } from "./state.js";

/** @type {readonly (keyof import("./state.js").Definition)[]} */
const INPUTS = ["text", "shapes", "wrt", "letters"];
/** How each notation is called, as its switch says. @type {Record<string, string>} */
export const NOTATIONS = {
  index: "indices",
  matrices: "matrices",
  arrays: "NumPy",
  toml: "a definition file",
};

/** Takes what stands in the fields. @returns {boolean} is it other than before? */
export function taken() {
  const next = { ...state.definition, notation: all("[name=notation]:checked")[0].value };
  for (const name of INPUTS) next[name] = the(name).value;
  next.shapes = next.shapes.replaceAll("\n", "; ");
  const same = FIELDS.every((name) => next[name] === state.definition[name]);
  state.definition = next;
  return !same;
}

/** Fills the fields. @param {Partial<import("./state.js").Definition>} definition */
export function fill(definition) {
  state.definition = { ...state.definition, ...definition };
  for (const name of INPUTS) the(name).value = state.definition[name];
  for (const radio of all("[name=notation]"))
    radio.checked = radio.value === state.definition.notation;
  fitting();
}

/** Shows the fields that go with the notation. */
export function fitting() {
  const { notation, text } = state.definition;
  document.body.dataset.writing = notation;
  the("shapes").disabled = the("wrt").disabled = notation === "toml";
  underline(text, 0, 0);
}

/**
 * Changes the text of a field as a key would, so that the browser can take it back.
 *
 * @param {string} text
 * @param {string} [id]  of the field
 */
function retype(text, id = "text") {
  const field = the(id);
  field.focus();
  field.select();
  if (document.execCommand("insertText", false, text)) return;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// -- faults --------------------------------------------------------------------------------------

/**
 * Shows what is wrong, where, and what could be done.
 *
 * @param {import("./ask.js").Answer} answer
 */
export function fault({ message, line = 0, column = 0, end = 0, asking = false, fixes = [] }) {
  const text = state.definition.text;
  const from = line ? place(text, line, column || 1) : 0;
  const to = line ? Math.max(from + 1, place(text, line, end || column + 1)) : 0;
  underline(text, from, to);
  the("text").setAttribute("aria-invalid", "true");
  const where = line && text.includes("\n") ? `Line ${line}: ` : "";
  const offered = fixes.flatMap((/** @type {any} */ f) => [
    fixing(f.label, () => mended(f)),
    ...(f.about ? [make("span", { class: "note" }, `Guessed, ${f.about}.`)] : []),
  ]);
  tell(`${where}${message}`, asking ? "asking" : "error", offered);
}

/** Takes up a fix: another text, or other shapes. @param {{text: string, shapes?: string}} fix */
function mended({ text, shapes }) {
  if (shapes !== undefined) retype(shapes, "shapes");
  if (text !== state.definition.text) retype(text);
}

/** @param {string} label @param {() => void} pressed */
export function fixing(label, pressed) {
  return button(label, pressed, { class: "fix" });
}

/**
 * Says something under the text, with buttons.
 *
 * @param {string} words
 * @param {string} kind
 * @param {Node[]} offers
 */
export function tell(words, kind, offers = []) {
  const box = the("message");
  const offered = offers.length ? [make("p", { class: "fixes" }, ...offers)] : [];
  box.replaceChildren(make("p", {}, ...coded(words)), ...offered);
  box.dataset.kind = kind;
  box.hidden = false;
  say(words);
}

/** Takes back what was said of the text. */
export function faultless() {
  the("message").hidden = true;
  the("text").removeAttribute("aria-invalid");
  underline(state.definition.text, 0, 0);
}

/** Marks the characters of the text from `from` up to `to`; the mark lies under the field. */
function underline(
  /** @type {string} */ text,
  /** @type {number} */ from,
  /** @type {number} */ to,
) {
  const marked =
    to > from
      ? [make("mark", { class: "under" }, text.slice(from, to).replace("\n", "") || " ")]
      : [];
  the("under").replaceChildren(text.slice(0, from), ...marked, `${text.slice(to)}\n`);
}

/** The place in a text of a column in a line, both counted from 1 in characters, not in halves. */
function place(
  /** @type {string} */ text,
  /** @type {number} */ line,
  /** @type {number} */ column,
) {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return before + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
}

// -- what was understood -------------------------------------------------------------------------

/** Shows the formulas that were read. @param {import("./ask.js").Answer} answer */
export function understood({ equations, shapes = [], notes = [], what_ifs = undefined }) {
  the("understood").hidden = !equations.length;
  the("equations").replaceChildren(...equations.map(equation));
  the("sizes").replaceChildren(...shapes.map(sized));
  the("notes").replaceChildren(...notes.map((/** @type {string} */ note) => make("li", {}, note)));
  if (what_ifs) whatIfs(what_ifs);
}

/** Offers changes of the text. @param {any[]} items */
export function whatIfs(items) {
  offer("what-if", items, (item) => retype(item.text));
}

/** @param {{html: string, text: string}} read */
function equation({ html, text }) {
  const formula = put(make("div", { class: "scroll" }), html);
  return make("li", {}, formula, make("code", {}, text));
}

/** @param {{html: string, name: string, shape: string, words: string}} tensor */
function sized({ html, name, shape, words }) {
  const formula = html ? put(make("span"), html) : make("span", {}, name);
  const about = put(make("span", { class: "shape" }), shape);
  return make("li", {}, formula, about, make("span", { class: "note" }, words ?? ""));
}

/**
 * Buttons of things to try; none, and their place is not there.
 *
 * @param {string} id
 * @param {any[]} items
 * @param {(item: any) => void} pressed
 */
export function offer(id, items, pressed) {
  const made = items.map((item) =>
    make(
      "li",
      {},
      button(item.title ?? item.label, () => pressed(item), { class: "chip" }),
    ),
  );
  all("ul", the(id))[0].replaceChildren(...made);
  the(id).hidden = !items.length;
}
