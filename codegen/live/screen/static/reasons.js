/** The right column: why a step, the Jacobian's picture, code, a claim checked. */
import { all, coded, copy, download, make, put, the } from "./dom.js";
import { state } from "./state.js";

const NARROW = matchMedia("(max-width: 64rem)");
const PLACES = ["because", "picture", "code-in", "checked", "worked"];
const empty = Object.fromEntries(PLACES.map((id) => [id, the(id).innerHTML])); // what stands there at first
const made = { file: "", text: "", target: "" }; // the code that is shown

/**
 * @typedef {(question: Record<string, unknown>, onEvent: (answer: any) => void) => void} Asking
 * asks with the definition that stands there
 */

/** An answer has come, or what stands in its way. @param {HTMLElement} place @param {any} answer */
function shown(place, answer, kinds = [answer.event]) {
  place.removeAttribute("aria-busy");
  if (answer.event === "done") return;
  if (kinds.includes(answer.event) && answer.html) return put(place, answer.html);
  /** @type {Record<string, string>} */
  const words = {
    gone: "The server does not answer.",
    "cut off": "The answer was cut off.",
    locked: "The server has a new address.",
  };
  place.replaceChildren(
    make("p", { class: "wrong" }, ...coded(answer.message ?? words[answer.event] ?? answer.event)),
  );
}

/** Says that an answer is on its way; only where it takes longer than a blink. @param {HTMLElement} place */
function waiting(place) {
  place.setAttribute("aria-busy", "true");
}

// -- why a step ----------------------------------------------------------------------------------

/** Asks why a step holds. @param {HTMLElement} row @param {Asking} asking */
export function why(row, asking) {
  const step = Number(row.dataset.step);
  state.step = step;
  for (const other of all(".step[aria-current]")) other.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  (NARROW.matches ? row : the("why-home"))[NARROW.matches ? "after" : "append"](the("why"));
  the("why-title").textContent = `Why step ${step}`;
  the("reasons").scrollTop = 0;
  waiting(the("because"));
  asking({ ask: "why", step }, (answer) => shown(the("because"), answer, ["why"]));
}

/** Forgets the reason, and brings its panel home before what it stands in goes. */
export function home() {
  the("why-home").append(the("why"));
  the("why-title").textContent = "Why this step";
  put(the("because"), empty.because);
  the("because").removeAttribute("aria-busy");
}

/** Asks again for what is shown of a definition that has changed. @param {Asking} asking */
export function again(asking) {
  const open = (/** @type {string} */ id, /** @type {string} */ what) =>
    the(id).hasAttribute("aria-busy") || all(what, the(id)).length;
  if (open("code-in", "pre")) code(asking);
  if (open("checked", "*")) check(asking);
  if (open("worked", "*")) work(asking, worked);
}

/** Takes away all answers. */
export function forget() {
  home();
  for (const id of PLACES) put(the(id), empty[id]).removeAttribute("aria-busy");
  the("checked").dataset.verdict = "";
  the("copy-code").hidden = the("save-code").hidden = true;
}

// -- pictures ------------------------------------------------------------------------------------

/** Offers the pictures of Jacobians that came with the gradients. */
export function pictures() {
  const found = all(".picture");
  const before = the("pair").value;
  const options = found.map((p, place) =>
    make("option", { value: String(place) }, `${p.dataset.node} by ${p.dataset.tensor}`),
  );
  the("pair").replaceChildren(...options);
  if (before && Number(before) < found.length) the("pair").value = before;
  the("pair-field").hidden = !found.length;
  picture();
}

/** Shows the picture that is chosen. */
export function picture() {
  const source = all(".picture")[Number(the("pair").value)];
  if (!source) return put(the("picture"), empty.picture);
  the("picture").replaceChildren(source.content.cloneNode(true));
}

/** Chooses the picture of what a step belongs to. @param {HTMLElement} row */
export function pictured(row) {
  const own = all(".picture", row.closest("article") ?? undefined)[0];
  if (!own || !row.closest("article")) return;
  the("pair").value = String(all(".picture").indexOf(own));
  picture();
}

// -- code ----------------------------------------------------------------------------------------

/** Asks for the code of the chosen target. @param {Asking} asking */
export function code(asking) {
  waiting(the("code-in"));
  const target = the("target").value;
  asking({ ask: "code", target }, (answer) => {
    if (answer.event === "code")
      Object.assign(made, { file: answer.file, text: answer.text, target });
    shown(the("code-in"), answer, ["code"]);
    the("copy-code").hidden = the("save-code").hidden = !all("pre", the("code-in")).length;
  });
}

/** Another target, where code is shown. @param {Asking} asking */
export function retarget(asking) {
  if (all("pre", the("code-in")).length) code(asking);
}

/** The code, and that it is not proved as long as it is not. */
const marked = () => (state.proved ? "" : "# not yet proved\n") + made.text;

/** @param {HTMLElement} pressed */
export const copyCode = (pressed) => copy(marked(), pressed);
export const saveCode = () => download(made.file || "layer.py", marked());

// -- check, numbers ------------------------------------------------------------------------------

/** Has a gradient by hand compared. @param {Asking} asking */
export function check(asking) {
  const claim = the("claim").value.trim();
  if (!claim) return the("claim").focus();
  waiting(the("checked"));
  asking({ ask: "check", claim }, (answer) => {
    if (answer.verdict) the("checked").dataset.verdict = answer.verdict;
    else if (answer.event !== "done") the("checked").dataset.verdict = "";
    shown(the("checked"), answer, ["checked"]);
  });
}

let worked = 0; // the draw that is shown, 0 for numbers of one's own

/** Asks for a worked example. @param {Asking} asking @param {number} draw */
export function work(asking, draw) {
  worked = draw;
  waiting(the("worked"));
  const question = { ask: "example", numbers: draw ? "" : the("own").value, draw };
  asking(question, (answer) => {
    if (answer.event === "example" && answer.numbers) the("own").value = answer.numbers;
    shown(the("worked"), answer, ["example"]);
  });
}
