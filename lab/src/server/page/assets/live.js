// The connection to the lab: what is new, as it comes.

const KINDS = ["hello", "records", "deliveries", "under_way", "mails", "discord", "changed"];

/** Why there is no line: the lab is not there, or has as many pages as it serves. */
async function reason() {
  try {
    return (await fetch("/_lab/live", { method: "HEAD" })).status === 503 ? "full" : "lost";
  } catch {
    return "lost";
  }
}

/**
 * Listens to the lab. `heard(kind, data)` gets what comes, `state("live" | "lost" | "full" | "connecting")` how the line is.
 *
 * The browser reconnects by itself and says how far it had come. It gives up only when something else than events is the
 * answer; then a new source is made after a while.
 */
export function listen(heard, state) {
  let source;
  const connect = () => {
    source = new EventSource("/_lab/live");
    source.addEventListener("open", () => state("live"));
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return state("lost");
      reason().then(state);
      setTimeout(connect, 2000);
    });
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => heard(kind, JSON.parse(event.data)));
    }
  };
  state("connecting");
  connect();
  // A page that the browser put aside and shows again has no line any more.
  window.addEventListener("pageshow", (event) => event.persisted && source.readyState === EventSource.CLOSED && connect());
}

/** Calls `work` once, a moment after the last of many calls, and never twice at a time. */
export function calmly(work, pause = 150) {
  let waiting = false;
  let working = false;
  const run = async () => {
    waiting = false;
    if (working) return again();
    working = true;
    try {
      await work();
    } finally {
      working = false;
    }
  };
  const again = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(run, pause);
  };
  return again;
}
