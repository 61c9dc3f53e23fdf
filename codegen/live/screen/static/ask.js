/**
 * The way to the engine, behind one function; whatever answers in its place offers the same.
 *
 * @typedef {{ask: string} & Record<string, unknown>} Question
 * @typedef {{event: string} & Record<string, any>} Answer  what `codegen/live/answers.py` yields, and
 *   here `gone`: nothing answered; `cut off`: the answer has no end; `locked`: the token is not taken
 */

const TOKEN = new URLSearchParams(location.search).get("token") ?? "";
const TAB = crypto.getRandomValues(new Uint32Array(4)).join("-");
const ENDS = new Set(["done", "error", "refuted", "too large"]);

/**
 * Asks; every event of the answer comes to `onEvent`, the last of them too, unless it is aborted.
 *
 * @param {Question} question
 * @param {(answer: Answer) => void} onEvent
 * @returns {{abort: () => void}}
 */
export function ask(question, onEvent) {
  const leash = new AbortController();
  const tell = (/** @type {Answer} */ answer) => leash.signal.aborted || onEvent(answer);
  answered(question, tell, leash.signal).catch(() => tell({ event: "gone" }));
  return { abort: () => leash.abort() };
}

/**
 * @param {Question} question
 * @param {(answer: Answer) => void} tell
 * @param {AbortSignal} signal
 */
async function answered(question, tell, signal) {
  const response = await fetch("ask", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Token": TOKEN },
    body: JSON.stringify({ ...question, tab: TAB }),
    signal,
  });
  if (response.status === 401 || response.status === 403) return tell({ event: "locked" });
  if (!response.ok || !response.body) return tell(await refusal(response));
  let ended = false;
  for await (const line of lines(response.body)) {
    const answer = JSON.parse(line);
    ended ||= ENDS.has(answer.event);
    tell(answer);
  }
  if (!ended) tell({ event: "cut off" });
}

/** @param {Response} response @returns {Promise<Answer>} */
async function refusal(response) {
  const text = (await response.text()).trim();
  try {
    return { line: 0, fixes: [], ...JSON.parse(text), event: "error" };
  } catch {
    return {
      event: "error",
      message: text || `The server answered ${response.status}.`,
      line: 0,
      fixes: [],
    };
  }
}

/** @param {ReadableStream<Uint8Array>} body */
async function* lines(body) {
  const reader = /** @type {ReadableStream<any>} */ (body)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const parts = (rest + (value ?? "")).split("\n");
    rest = done ? "" : (parts.pop() ?? "");
    yield* parts.filter((line) => line.trim());
    if (done) return;
  }
}
