// The page as a whole: its parts, its language, and the line to the lab.

import { Channel } from "./channel.js";
import { copyButton, el, fill } from "./dom.js";
import { Faults } from "./faults.js";
import { Flow } from "./flow.js";
import { calmly, listen } from "./live.js";
import { Mailbox } from "./mailbox.js";
import { Resources } from "./resources.js";
import { choose, language, t } from "./text.js";

const at = (id) => document.getElementById(id);

const channel = new Channel(at("channel"));
const flow = new Flow(at("flow"), (webhook) => channel.of(webhook));
const mailbox = new Mailbox(at("mailbox"), (id) => {
  view("flow");
  flow.show(id);
});
const resources = new Resources(at("resources"));

/** How long after the greeting what comes is what was there before, in milliseconds. */
const CATCHING_UP = 400;

let greeted = 0;
let heardAt = new Date();
let line = "connecting";

const caughtUp = () => performance.now() - greeted > CATCHING_UP;

const readResources = calmly(async () => {
  try {
    const answer = await fetch("/_lab/resources");
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const known = await answer.json();
    if (channel.know(known.channels)) flow.renamed();
    mailbox.know(known.topics);
    resources.know(known);
    count();
  } catch {
    resources.problem(t("resourcesLost"));
  }
});

const readFaults = calmly(async () => {
  try {
    const answer = await fetch("/_lab/faults");
    if (answer.ok) faults.know(await answer.json());
  } catch {
    // The line is down, which the page says already.
  }
});
const faults = new Faults(at("faults"), readFaults);

/** Counts once for all that comes at a time. */
const count = calmly(async () => counts(), 60);

function heard(kind, data) {
  heardAt = new Date();
  switch (kind) {
    case "hello":
      greeted = performance.now();
      for (const part of [flow, channel, mailbox]) part.forget();
      readResources();
      readFaults();
      break;
    case "records":
      flow.addRecords(data);
      break;
    case "deliveries":
      flow.addDeliveries(data, caughtUp());
      readResources();
      readFaults();
      break;
    case "under_way":
      flow.underWay(data);
      break;
    case "mails":
      mailbox.add(data, caughtUp());
      break;
    case "discord":
      channel.add(data, caughtUp());
      flow.addExchanges(data);
      break;
    default:
      readResources();
      readFaults();
  }
  count();
}

function connection(state) {
  line = state;
  const shown = at("connection");
  shown.dataset.state = state;
  shown.textContent = t(`connection.${state}`);
  const lost = at("lost");
  lost.hidden = !["lost", "full"].includes(state);
  if (state === "full") lost.textContent = t("full");
  else lost.textContent = state === "lost" ? t("lost", new Intl.DateTimeFormat(language(), { timeStyle: "medium" }).format(heardAt)) : "";
}

/** The numbers beside the names of the parts. */
function counts() {
  const alarms = flow.stopped;
  const numbers = { flow: alarms, channel: channel.count, mailbox: mailbox.waiting };
  for (const [part, number] of Object.entries(numbers)) {
    const shown = document.querySelector(`[data-go="${part}"] b`);
    shown.textContent = number || "";
    shown.dataset.tone = part === "channel" ? "plain" : "alert";
  }
  document.title = alarms ? `(${alarms}) alert-drill lab` : "alert-drill lab";
}

/** Which part a narrow window shows. */
function view(part) {
  document.body.dataset.view = part;
  for (const button of document.querySelectorAll("[data-go]")) {
    button.setAttribute("aria-current", String(button.dataset.go === part));
  }
}

function words() {
  document.documentElement.lang = language();
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = t(one.dataset.text);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", t(one.dataset.label));
  for (const one of document.querySelectorAll("[data-lang]")) {
    one.setAttribute("aria-pressed", String(one.dataset.lang === language()));
  }
  const copy = copyButton(location.origin, { label: t("copy.label"), done: t("copy.done"), failed: t("copy.failed") });
  copy.setAttribute("aria-label", t("copy.what", t("endpoint")));
  fill(at("endpoint"), el("code", {}, location.origin), copy);
  connection(line);
}

function redraw() {
  words();
  for (const part of [flow, channel]) part.redraw();
  for (const part of [faults, mailbox, resources]) part.render();
}

for (const button of document.querySelectorAll("[data-lang]")) {
  button.addEventListener("click", () => {
    choose(button.dataset.lang);
    redraw();
  });
}
for (const button of document.querySelectorAll("[data-go]")) {
  button.addEventListener("click", () => view(button.dataset.go));
}

view("flow");
redraw();
listen(heard, connection);
