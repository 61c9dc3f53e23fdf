/** The middle column: gradients as they come, and how far the proof is. */
import { all, button, copy, make, put, say, the } from "./dom.js";
import { state } from "./state.js";
import { pictures } from "./reasons.js";

const HIDES = "Show the answer";

/** Begins anew with the forward pass. @param {import("./ask.js").Answer} answer */
export function layer({ values, names }) {
  Object.assign(state, { names, steps: 0, gradients: 0, step: 0, proved: false });
  state.marks.clear();
  emptied();
  put(the("values-in"), values ?? "");
  the("values").hidden = !values;
  all(".step", the("values-in")).forEach(ready);
  show(true);
  roving();
}

/** Takes away all that followed. */
export function emptied() {
  for (const id of ["gradients", "extra", "values-in"]) the(id).replaceChildren();
  delete document.body.dataset.old;
  the("values").hidden = true;
  pictures();
}

/** Shows what stands there only beside results. @param {boolean} there */
export function show(there) {
  the("intro").hidden = there;
  the("legend").hidden = the("more").hidden = !there;
  the("trouble").hidden = true;
}

/** A gradient, a tangent or a second derivative has come. @param {import("./ask.js").Answer} answer */
export function came(answer) {
  const gradient = answer.event === "gradient";
  if (gradient) state.gradients += 1;
  const card = carded(answer, gradient ? "Gradient by " : "");
  if (!gradient && !the("extra").children.length)
    the("extra").append(make("h2", {}, "Forward mode and second derivatives"));
  the(gradient ? "gradients" : "extra").append(card);
  all(".step", card).forEach(ready);
  roving();
  if (gradient) pictures();
}

/** What was left out, and why. @param {import("./ask.js").Answer} answer */
export function left({ text }) {
  the("extra").append(make("p", { class: "note" }, text));
}

/**
 * @param {import("./ask.js").Answer} answer
 * @param {string} title
 */
function carded({ name, of, html, latex }, title) {
  const named = { "aria-label": `${title}${name}` }; // formulas do not count for names
  const heading = make("h3", named, title, of ? put(make("span"), of) : make("i", {}, name));
  const reveal = button(HIDES, (pressed) => shown(card, pressed), {
    class: "reveal",
    "aria-expanded": "false",
  });
  const copied = button("Copy LaTeX", (pressed) => copy(tex(latex), pressed), {
    class: "copy",
    "data-result": "",
    "aria-label": `Copy the gradient by ${name} as LaTeX`,
  });
  const answer = put(make("div", { class: "said" }), html);
  const card = make(
    "article",
    { class: "card-of" },
    make("header", {}, heading, reveal, copied),
    answer,
  );
  return card;
}

/** Shows a hidden answer, or hides it again. */
function shown(/** @type {Element} */ card, /** @type {HTMLElement} */ pressed) {
  const open = card.classList.toggle("open");
  pressed.textContent = open ? "Hide it again" : HIDES;
  pressed.setAttribute("aria-expanded", String(open));
}

/** LaTeX of the level that is shown. @param {Record<string, string>} latex */
function tex(latex) {
  const level = document.body.dataset.level ?? "key";
  const warning = state.proved ? "" : "% not yet proved\n";
  return warning + (latex[level] ?? latex.result);
}

// -- steps ---------------------------------------------------------------------------------------

/** Makes a step ready to be asked about and to bear its mark. @param {HTMLElement} row */
function ready(row) {
  const number = row.dataset.step;
  if (!number) return;
  const place = all(".no", row)[0];
  place.replaceChildren(
    make(
      "button",
      { type: "button", class: "ask", tabindex: "-1", "aria-label": `Why step ${number}` },
      number,
    ),
  );
  marked(row);
}

/** A step has been proved. @param {import("./ask.js").Answer} answer */
export function proved({ step, mark, check, needs = [] }) {
  state.marks.set(Number(step), { mark, check });
  for (const row of all(`.step[data-step="${Number(step)}"]:not([data-first])`)) given(row, needs);
  for (const row of all(`.step[data-step="${Number(step)}"], .step[data-first]`)) marked(row);
}

/** What must hold for a step, behind its law. @param {HTMLElement} row @param {string[]} needs */
function given(row, needs) {
  needs.forEach((html, place) =>
    all(".law", row)[0].append(place ? ", " : ", where ", put(make("span"), html)),
  );
}

/** Sets the mark of a row: of the weakest of the steps that it stands for. @param {HTMLElement} row */
function marked(row) {
  const last = Number(row.dataset.step);
  const first = Number(row.dataset.first ?? last);
  const found = [];
  for (let step = first; step <= last; step++) found.push(state.marks.get(step));
  const weakest = found.includes(undefined)
    ? undefined
    : (found.find((f) => f?.mark !== "✓") ?? found[0]);
  const cell = all(".check", row)[0];
  const { mark, check } = weakest ?? { mark: "○", check: "not yet proved" };
  if (cell.dataset.mark === mark) return;
  cell.replaceChildren(
    make("span", { role: "img", "aria-label": check, title: check, class: "mark" }, mark),
  );
  cell.dataset.mark = mark;
}

/** Of all steps one stands in the order of Tab; the arrows lead to the others. */
export function roving() {
  const buttons = all(".ask");
  const now = buttons.find((made) => made.tabIndex === 0 && made.checkVisibility());
  if (now) return;
  buttons.forEach((made) => (made.tabIndex = -1));
  const first = buttons.find((made) => made.checkVisibility());
  if (first) first.tabIndex = 0;
}

/** Goes with an arrow from a step to the next that is seen. @param {KeyboardEvent} event */
export function moved(event) {
  const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const from = /** @type {Element} */ (event.target);
  if (!way || !from.classList.contains("ask")) return;
  const seen = all(".ask").filter((made) => made.checkVisibility());
  const to = seen[seen.indexOf(from) + way];
  if (!to) return;
  event.preventDefault();
  aim(to);
  to.focus();
}

/** Makes a step's button the one that Tab leads to. @param {HTMLElement} chosen */
export function aim(chosen) {
  all(".ask").forEach((made) => (made.tabIndex = made === chosen ? 0 : -1));
}

/** Says what has gone wrong with the results. @param {string} words @param {string} [advice] */
export function trouble(words, advice = "") {
  const box = the("trouble");
  box.replaceChildren(make("p", {}, words), ...(advice ? [make("p", {}, advice)] : []));
  box.hidden = false;
  say(`${words} ${advice}`);
}
