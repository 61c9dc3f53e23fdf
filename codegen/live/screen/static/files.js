/** The definition as an address, as a file, and from files. */
import { FIELDS, state } from "./state.js";

/** The address's fragment for what stands there. */
export function fragment() {
  const kept = FIELDS.filter((name) => state.definition[name]);
  const pairs = kept.map((name) => [name, state.definition[name]]);
  return `#${new URLSearchParams(pairs)}`;
}

/** The address of a page with the definition in it, and nothing else. @param {string} page */
export const linked = (page) => page.replace(/[?#].*$/s, "") + fragment();

/** The definition in the address, or null. @returns {Partial<import("./state.js").Definition> | null} */
export function addressed() {
  const found = new URLSearchParams(location.hash.slice(1));
  if (!found.get("text")) return null;
  const kept = Object.fromEntries(FIELDS.map((name) => [name, found.get(name) ?? ""]));
  return kept.notation in KEYS || kept.notation === "toml" ? kept : { ...kept, notation: "index" };
}

/** Writes the definition into the address; the token stays out of what is shared. */
export function remember() {
  const own = state.definition.text.trim() ? fragment() : location.pathname + location.search;
  history.replaceState(null, "", own);
}

/** @type {Record<string, string>} */
const KEYS = { __proto__: null, index: "equations", matrices: "matrices", arrays: "arrays" };

/** The definition as a file: its name and its text. @returns {[string, string]} */
export function filed() {
  const { notation, text, shapes, wrt } = state.definition;
  if (notation === "toml") return ["layer.toml", text];
  const lines = [`title = "A layer"`, `${KEYS[notation]} = ${several(text)}`];
  const names = words(wrt, ",");
  if (names.length) lines.push(`wrt = [${names.map(quoted).join(", ")}]`);
  const sizes = words(shapes, ";").map((part) => part.split("="));
  if (sizes.length && notation !== "index") lines.push("", "[shapes]");
  if (notation !== "index")
    lines.push(...sizes.map(([name, ...of]) => `${key(name)} = ${quoted(of.join("="))}`));
  return ["layer.toml", `${lines.join("\n")}\n`];
}

/** @param {string} text @param {string} between */
const words = (text, between) =>
  text
    .split(between)
    .map((word) => word.trim())
    .filter(Boolean);

/** A key of TOML. @param {string} name */
const key = (name) => (/^[A-Za-z0-9_-]+$/.test(name.trim()) ? name.trim() : quoted(name));

/** A string of TOML on one line. @param {string} text */
const quoted = (text) => `"${escaped(text.trim()).replaceAll("\n", "\\n")}"`;

/** A string of TOML on several lines; as it is where that can be. @param {string} text */
function several(text) {
  const plain = !/'''|[^\P{Cc}\n\t]/u.test(text);
  return plain ? `'''\n${text.trimEnd()}\n'''` : `"""\n${escaped(text.trimEnd())}\n"""`;
}

/** @param {string} text */
function escaped(text) {
  const control = (/** @type {string} */ c) =>
    `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(/["\\]/g, "\\$&").replace(/[^\P{Cc}\n]/gu, control);
}

export const LARGEST = 60_000; // characters of a definition

/** @type {Record<string, string>} */
const ENDINGS = { __proto__: null, toml: "toml", py: "arrays" };

/**
 * A definition from a file; its ending says what it is.
 *
 * @param {File} file
 * @returns {Promise<Partial<import("./state.js").Definition>>}
 */
export async function opened(file) {
  if (file.size > LARGEST)
    throw new Error(`${file.name} is too large: ${file.size} bytes; ${LARGEST} are taken.`);
  const text = (await file.text()).replaceAll("\r\n", "\n");
  const notation =
    ENDINGS[file.name.split(".").pop() ?? ""] ?? state.definition.notation;
  return { notation, text, shapes: "", wrt: "", letters: "" };
}
