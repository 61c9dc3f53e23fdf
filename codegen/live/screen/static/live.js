/** Keys, buttons and switches, and what each of them does. */
import { arrive, dropped, examples, share, switched } from "./choose.js";
import { all, download, the } from "./dom.js";
import { filed } from "./files.js";
import { aim, moved, roving } from "./follow.js";
import * as right from "./reasons.js";
import { asking, derive, hurried, read, stop, typed } from "./run.js";
import { state } from "./state.js";
import { taken } from "./write.js";

let draws = 0; // of worked examples

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.key === "Escape") stop();
  else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (event.target === the("claim")) right.check(asking);
    else if (event.target === the("own")) right.work(asking, 0);
    else if (taken() || read.done) read.done ? derive() : hurried();
    else hurried();
  } else moved(event);
}

/** A step was pressed, its number or its formula. @param {MouseEvent} event */
function reason(event) {
  const target = /** @type {Element} */ (event.target);
  const row = /** @type {HTMLElement | null} */ (target.closest(".step[data-step]"));
  if (!row || !getSelection()?.isCollapsed) return;
  event.preventDefault();
  aim(all(".ask", row)[0]);
  right.pictured(row);
  right.why(row, asking);
}

/** Level and notation of what is shown are classes of the whole page. */
function viewed() {
  document.body.dataset.level = all("[name=level]:checked")[0].value;
  document.body.dataset.notation = all("[name=shown]:checked")[0].value;
  document.body.classList.toggle("hiding", the("hide").checked);
  roving();
}

/** @param {string} id @param {string} event @param {(event: any) => void} happens */
function on(id, event, happens) {
  the(id).addEventListener(event, happens);
}

function wire() {
  for (const id of ["text", "shapes", "wrt", "letters"]) on(id, "input", () => taken() && typed());
  for (const radio of all("[name=notation]")) radio.addEventListener("change", switched);
  for (const radio of all("[name=level], [name=shown], #hide"))
    radio.addEventListener("change", viewed);
  on("stop", "click", stop);
  on("open", "click", () => the("file").click());
  on("file", "change", () => (dropped(the("file").files), (the("file").value = "")));
  on("save", "click", () => download(...filed()));
  on("share", "click", () => share(the("share")));
  on("work", "click", () => right.work(asking, 0));
  on("draw", "click", () => right.work(asking, ++draws));
  on("follow", "click", reason);
  on("seconds", "click", () => ((state.seconds = true), derive()));
  on("pair", "change", right.picture);
  on("code", "click", () => right.code(asking));
  on("target", "change", () => right.retarget(asking));
  on("copy-code", "click", () => right.copyCode(the("copy-code")));
  on("save-code", "click", right.saveCode);
  on("check", "click", () => right.check(asking));
  document.addEventListener("keydown", pressed);
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener(
    "drop",
    (event) => (event.preventDefault(), dropped(event.dataTransfer?.files)),
  );
  addEventListener("popstate", arrive);
  addEventListener("again", () => the("examples").hidden && examples());
  for (const skip of all(".skip")) skip.addEventListener("click", skipped);
}

/** To a column without a change of the address, which holds the definition. @param {Event} event */
function skipped(event) {
  event.preventDefault();
  const link = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  the(link.hash.slice(1)).focus();
}

wire();
viewed();
examples();
arrive();
