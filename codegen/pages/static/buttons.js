/** Buttons that copy a gradient, a tangent or a step as LaTeX; a page without scripts has none. */
import { copy } from "./copy.js";

const texts = JSON.parse(document.getElementById("latex")?.textContent ?? "{}");
const said = document.createElement("div");
said.className = "away";
said.setAttribute("role", "status");
document.body.append(said);

/** The level that is shown, which is what is copied of a gradient. */
const level = () =>
  (document.querySelector("input[name=level]:checked")?.id ?? "level-key").replace("level-", "");

/**
 * A button at the end of a place.
 *
 * @param {Element | null} place
 * @param {string} what
 * @param {() => string} text
 */
function add(place, what, text) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "copy";
  made.textContent = "LaTeX";
  made.title = `Copy ${what} as LaTeX`;
  made.addEventListener("click", () =>
    copy(text(), made, (words) => (said.textContent = `${words}: ${what}`)),
  );
  place?.append(made);
}

for (const [name, levels] of Object.entries(texts.gradients))
  add(document.querySelector(`[id="grad-${name}"] h3`), `the gradient by ${name}`, () => levels[level()]);
for (const [name, levels] of Object.entries(texts.tangents))
  add(document.querySelector(`[id="tangent-${name}"] h3`), name, () => levels[level()]);
for (const [number, text] of Object.entries(texts.steps))
  add(document.querySelector(`[id="step-${number}"] .check`), `step ${number}`, () => text);
