/** Small words for elements. */
import { copy as copied } from "./copy.js";

/** @param {string} id @returns {any} */
export const the = (id) => document.getElementById(id);

/** @param {string} selector @param {ParentNode} [within] @returns {any[]} */
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/**
 * A new element; attributes by name, then what is in it, texts as texts.
 *
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * An element with a fragment in it that the engine made; it has escaped what is anybody's.
 *
 * @param {Element} element
 * @param {string} html
 */
export function put(element, html) {
  element.innerHTML = html;
  return element;
}

/**
 * A button.
 *
 * @param {string} label
 * @param {(button: HTMLElement) => void} pressed
 * @param {Record<string, string>} [attributes]
 */
export function button(label, pressed, attributes = {}) {
  const made = make("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", () => pressed(made));
  return made;
}

/** Words in which code stands between backticks. @param {string} words */
export const coded = (words) =>
  words.split("`").map((part, place) => (place % 2 ? make("code", {}, part) : part));

/** Says something to screen readers. @param {string} words */
export function say(words) {
  if (the("said").textContent !== words) the("said").textContent = words;
}

/**
 * Copies a text; the button says for a while whether that went well.
 *
 * @param {string} text
 * @param {HTMLElement} pressed
 */
export const copy = (text, pressed) => copied(text, pressed, say);

/**
 * Saves a text as a file.
 *
 * @param {string} name
 * @param {string} text
 */
export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = /** @type {HTMLAnchorElement} */ (make("a", { href: url, download: name }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
