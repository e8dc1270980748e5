// The Discord channel, as its messages arrive.

import { announce, arrange, copyButton, el, fill } from "./dom.js";
import { join, message, refusal } from "./message.js";
import { channelStart } from "./start.js";
import { t } from "./text.js";

/** The most requests that the page keeps. */
const KEPT = 500;

/** What the channel panel shows, and how it changes. */
export class Channel {
  /** Requests to Discord that show: those that a message stands for, and those that were refused. */
  exchanges = [];
  /** The lab's channels: name and webhook. */
  channels = [];
  chosen = undefined;
  items = new WeakMap();

  constructor(panel) {
    this.body = panel.querySelector(".body");
    this.title = panel.querySelector("h2");
    this.tools = panel.querySelector(".tools");
  }

  forget() {
    this.exchanges = [];
    this.redraw();
  }

  /** The channel that a webhook posts to. */
  of(webhook) {
    return this.channels.find((channel) => channel.webhook_id === webhook)?.channel;
  }

  /** Takes Discord's newest answers in. */
  add(exchanges, caughtUp) {
    for (const exchange of exchanges) {
      exchange.isNew = caughtUp;
      const { message: stands, message_id: id, method, status } = exchange;
      const known = this.exchanges.find((one) => one.message_id === id && one.message && id);
      if (status >= 400) {
        this.exchanges.push({ ...exchange, message: undefined });
        if (caughtUp) announce(t("channel.saidRefused", status));
      } else if (known && method === "DELETE") {
        this.exchanges.splice(this.exchanges.indexOf(known), 1);
      } else if (known) {
        known.message = stands ?? known.message;
        this.items.delete(known);
      } else if (stands && method === "POST") {
        this.exchanges.push(exchange);
        if (caughtUp) announce(t("channel.said", stands.author.username, stands.content || stands.embeds?.[0]?.title || ""));
      }
    }
    this.exchanges.splice(0, this.exchanges.length - KEPT);
    this.render();
  }

  /** Takes the lab's channels in; says whether they are others than before. */
  know(channels) {
    if (JSON.stringify(channels) === JSON.stringify(this.channels)) return false;
    this.channels = channels;
    if (!channels.some((one) => one.webhook_id === this.chosen)) this.chosen = channels[0]?.webhook_id;
    this.render();
    return true;
  }

  /** How many messages stand in the channel. */
  get count() {
    return this.exchanges.filter((one) => one.message).length;
  }

  render() {
    const name = this.of(this.chosen);
    this.title.textContent = name ? t("channel.title", name) : t("channel.short");
    fill(this.tools, this.choice(), this.chosen && webhookButton(this.chosen));
    const known = new Set(this.channels.map((one) => one.webhook_id));
    const here = this.exchanges.filter((one) => one.webhook_id === this.chosen || !known.has(one.webhook_id));
    if (!here.length) {
      const make = (url) => `export DISCORD_WEBHOOK_URL="${url}"`;
      fill(this.body, channelStart(this.chosen && webhookButton(this.chosen, t("copy.label"), make, "copy")));
      return;
    }
    // Whoever reads the newest message wants to see the next one; whoever scrolled back does not.
    const { scrollHeight, scrollTop, clientHeight } = this.body;
    let list = this.body.querySelector(".messages");
    const atEnd = !list || scrollHeight - scrollTop - clientHeight < 40;
    const items = here.map((one) => this.item(one));
    join(items);
    if (!list) {
      list = el("ol", { class: "messages" });
      fill(this.body, list);
    }
    arrange(list, items);
    this.body.scrollTop = atEnd ? this.body.scrollHeight : scrollTop;
  }

  /** The element of a request; it stays as it is, with what was unfolded in it, until the message is edited. */
  item(exchange) {
    if (!this.items.has(exchange)) {
      const make = exchange.message ? message : refusal;
      this.items.set(exchange, make(exchange, exchange.isNew));
      exchange.isNew = false;
    }
    return this.items.get(exchange);
  }

  /** Draws everything anew: the words have changed. */
  redraw() {
    this.items = new WeakMap();
    this.body.replaceChildren();
    this.render();
  }

  choice() {
    if (this.channels.length < 2) return undefined;
    const options = this.channels.map(({ channel, webhook_id: id }) =>
      el("option", { value: id, selected: id === this.chosen }, `#${channel}`),
    );
    const select = el("select", { "aria-label": t("channel.which") }, options);
    select.addEventListener("change", () => {
      this.chosen = select.value;
      this.render();
    });
    return select;
  }
}

/** Copies the webhook's URL, which the page neither shows nor keeps. */
export function webhookButton(webhook, label = t("channel.webhook"), make = (url) => url, kind = "small") {
  const fetched = async () => {
    const answer = await fetch(`/_lab/webhook?id=${encodeURIComponent(webhook)}`);
    if (!answer.ok) throw new Error(t("channel.webhookLost"));
    return make((await answer.json()).url);
  };
  return copyButton(fetched, { label, done: t("copy.done"), failed: t("copy.failed") }, kind);
}
