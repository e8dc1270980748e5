// The mailbox: every mail that the lab sent, the newest first, and the links that confirm a subscription.

import { announce, el, fill, renew } from "./dom.js";
import { link } from "./markdown.js";
import { clock, short } from "./names.js";
import { mailboxStart } from "./start.js";
import { t } from "./text.js";

/** The most mails that the page keeps. */
const KEPT = 500;

/** What the mailbox panel shows. */
export class Mailbox {
  mails = [];
  /** Topics by ARN, to know which subscriptions wait. */
  topics = new Map();
  items = new Map();

  constructor(panel, showEvent) {
    this.body = panel.querySelector(".body");
    this.showEvent = showEvent;
  }

  forget() {
    this.mails = [];
    this.render();
  }

  add(mails, caughtUp) {
    for (const mail of mails) {
      this.mails.push(mail);
      mail.isNew = caughtUp;
      if (caughtUp) announce(t("mailbox.said", mail.to, mail.subject));
    }
    const dropped = this.mails.splice(0, this.mails.length - KEPT);
    for (const mail of dropped) {
      this.items.get(mail.number)?.remove();
      this.items.delete(mail.number);
    }
    const list = this.body.querySelector(".mails");
    if (!list) return this.render();
    for (const mail of mails.slice(-KEPT)) list.prepend(this.item(mail));
    this.refresh();
  }

  /** Takes the topics in: a subscription may have been confirmed, or be gone. */
  know(topics) {
    this.topics = new Map(topics.map((topic) => [topic.arn, topic]));
    this.refresh();
  }

  /** How many subscriptions wait for somebody. */
  get waiting() {
    return new Set(this.mails.filter((mail) => this.state(mail) === "waiting").map((mail) => mail.topic_arn + mail.to)).size;
  }

  state(mail) {
    if (!mail.confirmation_url) return undefined;
    const subscribers = this.topics.get(mail.topic_arn)?.subscriptions.filter((one) => one.endpoint === mail.to) ?? [];
    if (!subscribers.length) return "gone";
    return subscribers.some((one) => one.is_confirmed) ? "confirmed" : "waiting";
  }

  render() {
    this.items.clear();
    if (!this.mails.length) return fill(this.body, mailboxStart());
    fill(this.body, el("ol", { class: "mails" }, this.mails.toReversed().map((mail) => this.item(mail))));
  }

  /** Draws those anew whose subscription is in another state than shown. */
  refresh() {
    for (const mail of this.mails) {
      const item = this.items.get(mail.number);
      if (item && mail.confirmation_url && item.dataset.state !== this.state(mail)) {
        renew(item, this.item(mail));
      }
    }
  }

  item(mail) {
    const state = this.state(mail);
    const item = el(
      "li",
      { class: `mail ${mail.isNew ? "new" : ""}`, "data-state": state },
      el(
        "header",
        {},
        el("h3", {}, mail.subject),
        clock(mail.time),
        state && el("span", { class: `badge ${{ waiting: "wait", confirmed: "ok", gone: "off" }[state]}` }, t(`mailbox.${state}`)),
      ),
      el("dl", { class: "envelope" }, pair("mailbox.from", mail.from), pair("mailbox.to", mail.to)),
      state === "waiting" && this.confirmation(mail),
      el("div", { class: "letter" }, letter(mail.body)),
      mail.event_id && this.toEvent(mail),
    );
    mail.isNew = false;
    this.items.set(mail.number, item);
    return item;
  }

  confirmation(mail) {
    const path = own(mail.confirmation_url);
    const said = el("p", { class: "problem", role: "alert" });
    const button = el("button", { type: "button", class: "main", "data-focus": "confirm" }, t("mailbox.confirm"));
    button.addEventListener("click", async () => {
      button.disabled = true;
      button.textContent = t("mailbox.confirming");
      const problem = await open(path);
      button.disabled = false;
      button.textContent = t("mailbox.confirm");
      said.textContent = problem ? t("mailbox.failed", problem) : "";
      // That it is confirmed, the lab's own answer about the topic says.
    });
    const other = el("a", { href: path, target: "_blank", rel: "noopener" }, t("mailbox.link"));
    return el(
      "div",
      { class: "confirmation" },
      el("p", {}, t("mailbox.asks", short(mail.topic_arn))),
      el("p", { class: "buttons" }, button, other),
      said,
    );
  }

  toEvent(mail) {
    const button = el("button", { type: "button", class: "small" }, t("mailbox.event"));
    button.addEventListener("click", () => this.showEvent(mail.event_id));
    return el("p", { class: "buttons" }, button);
  }
}

function pair(name, value) {
  return el("div", {}, el("dt", {}, t(name)), el("dd", {}, value));
}

/** A link of the lab's by the address at which this page reached the lab. */
function own(url) {
  const { pathname, search } = new URL(url, location.origin);
  return pathname + search;
}

/** Opens a confirmation link as a person's click does; says what went wrong, if anything did. */
async function open(path) {
  try {
    const answer = await fetch(path);
    if (answer.ok) return undefined;
    const text = await answer.text();
    return /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? `HTTP ${answer.status}`;
  } catch (error) {
    return error.message;
  }
}

/** A mail's text: addresses become links, events in JSON are laid out. */
function letter(body) {
  const [text, ...rest] = body.split("\n\n--\n");
  const laidOut = json(text);
  const parts = laidOut ? [el("pre", { tabindex: "0" }, laidOut)] : [el("p", {}, linked(text.trim()))];
  return rest.length ? [...parts, el("p", { class: "quiet" }, linked(rest.join("\n\n--\n").trim()))] : parts;
}

function json(text) {
  if (!text.trimStart().startsWith("{")) return undefined;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return undefined;
  }
}

function linked(text) {
  return text.split(/(https?:\/\/\S+)/).map((part, index) => (index % 2 ? link(part, part) : part));
}
