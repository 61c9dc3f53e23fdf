/** Copying, from a button that says whether it went well. */

/**
 * Copies a text; the button says for a while whether that went well.
 *
 * @param {string} text
 * @param {HTMLElement} pressed
 * @param {(words: string) => void} say what tells it to screen readers
 */
export async function copy(text, pressed, say) {
  const label = (pressed.dataset.label ??= pressed.textContent ?? "");
  let words = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    words = copiedByHand(text) ? "Copied" : "Not copied: the browser forbids it";
  }
  pressed.textContent = words;
  say(words);
  setTimeout(() => (pressed.textContent = label), 1600);
}

/** Copies where the page has no clipboard of its own. @param {string} text */
function copiedByHand(text) {
  const field = document.createElement("textarea");
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  field.className = "away";
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}
