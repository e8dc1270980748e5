// Each event's way along the ladder, the newest first.

import { announce, arrange, el, fill, fold, renew } from "./dom.js";
import { evidence, reason, remedy } from "./explanation.js";
import { attribute, ladder, neighbour, stateOf, verdict, Way } from "./ladder.js";
import { after, clock, named } from "./names.js";
import { flowStart } from "./start.js";
import { t } from "./text.js";

/** The most events that the page keeps, and how many it shows at first. */
const KEPT = 2000;
const SHOWN = 60;

/** How long drawing waits for more, in milliseconds: too short to be seen, long enough for a storm of calls. */
const BREATH = 40;

/** How many requests to Discord are held against the events. */
const RECENT = 200;

/** Signs of states: shapes, so that they are told apart without colours. */
const SIGNS = { ok: "✓", stopped: "✕", partly: "!", running: "…", retried: "↻", missed: "–", none: "", taken: "!", unheard: "!", quiet: "" };

/** What the panel of events shows. */
export class Flow {
  /** By event id, the newest last. */
  ways = new Map();
  exchanges = [];
  dirty = new Set();
  verdicts = new WeakMap();
  items = new Map();
  choice = "changes";
  shown = SHOWN;
  loose = 0;

  constructor(panel, channelOf) {
    this.body = panel.querySelector(".body");
    this.buttons = [...panel.querySelectorAll("[data-show]")];
    this.channelOf = channelOf;
    for (const button of this.buttons) {
      button.addEventListener("click", () => {
        this.choice = button.dataset.show;
        this.shown = SHOWN;
        this.draw();
      });
    }
  }

  forget() {
    this.ways.clear();
    this.exchanges = [];
    this.redraw();
  }

  /** Draws everything anew: the words have changed. */
  redraw() {
    this.items.clear();
    this.body.replaceChildren();
    this.draw();
  }

  /** Notes that a way is to be judged and drawn anew. */
  touch(way) {
    this.dirty.add(way);
    this.verdicts.delete(way);
  }

  /** What a way comes to, kept until it changes: there may be thousands. */
  verdict(way) {
    if (!this.verdicts.has(way)) this.verdicts.set(way, verdict(way, this.channelOf));
    return this.verdicts.get(way);
  }

  /** The way of an event; a new one where it is not known yet. */
  way(id, time) {
    let way = this.ways.get(id);
    if (!way) {
      way = new Way(id, time);
      this.ways.set(id, way);
      if (this.ways.size > KEPT) this.drop(this.ways.keys().next().value);
    }
    this.touch(way);
    return way;
  }

  drop(id) {
    this.ways.delete(id);
    this.items.get(id)?.remove();
    this.items.delete(id);
  }

  addRecords(records) {
    for (const { record, time } of records) {
      const way = this.way(record.eventID, time);
      way.record = record;
      way.time = time;
    }
    this.render();
  }

  addDeliveries(deliveries, caughtUp) {
    for (const delivery of deliveries) {
      if (delivery.hop === "bucket" && delivery.outcome === "delivered") continue;
      const way = this.wayOf(delivery);
      way.deliveries.push(delivery);
      way.isFresh = caughtUp;
    }
    this.render();
  }

  wayOf(delivery) {
    if (delivery.event_id) return this.way(delivery.event_id, delivery.time);
    const near = neighbour([...this.ways.values()].slice(-50).filter((way) => !way.record && way.isLoose).reverse(), delivery);
    const way = this.way(near?.id ?? `loose-${(this.loose += 1)}`, near?.time ?? delivery.time);
    way.isLoose = true;
    return way;
  }

  underWay(deliveries) {
    for (const way of this.ways.values()) {
      if (way.running.length) {
        way.running = [];
        this.touch(way);
      }
    }
    for (const delivery of deliveries.filter((one) => one.event_id)) this.way(delivery.event_id, delivery.time).running.push(delivery);
    this.render();
  }

  addExchanges(exchanges) {
    this.exchanges.push(...exchanges.filter((one) => one.method === "POST"));
    this.exchanges.splice(0, this.exchanges.length - RECENT);
    this.render();
  }

  /** Draws those anew that name a channel. */
  renamed() {
    for (const way of this.ways.values()) if (way.exchanges.length) this.touch(way);
    this.render();
  }

  attribute() {
    const recent = [...this.ways.values()].slice(-RECENT);
    for (const way of attribute(this.exchanges, recent)) this.touch(way);
  }

  /** How many events did not arrive though a rule, or a person, wanted them to. */
  get stopped() {
    return [...this.ways.values()].filter((way) => this.verdict(way).tone === "stopped").length;
  }

  /** Shows one event, whatever is chosen. */
  show(id) {
    if (!this.ways.has(id)) return;
    if (!this.items.get(id)?.isConnected) {
      this.choice = "all";
      this.shown = KEPT;
      this.draw();
    }
    const item = this.items.get(id);
    item?.scrollIntoView({ block: "center" });
    item?.focus();
  }

  wants(way) {
    if (this.choice === "all") return true;
    if (this.choice === "changes") return !way.readOnly;
    return this.verdict(way).tone !== "quiet";
  }

  /** Draws what is new, once for all that comes at a time. */
  render() {
    this.drawing ??= setTimeout(() => this.draw(), BREATH);
  }

  draw() {
    clearTimeout(this.drawing);
    this.drawing = undefined;
    this.attribute();
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.show === this.choice));
    for (const way of this.dirty) this.say(way);
    if (!this.ways.size) return this.body.replaceChildren(flowStart());
    const sorted = [...this.ways.values()].sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0));
    const wanted = sorted.filter((way) => this.wants(way));
    let list = this.body.querySelector(".ways");
    if (!list) {
      list = el("ol", { class: "ways" });
      fill(this.body, list, el("div", { class: "rest" }));
    }
    arrange(list, wanted.slice(0, this.shown).map((way) => this.item(way)));
    this.dirty.clear();
    this.rest(wanted.length, sorted.length - wanted.length);
  }

  rest(wanted, hidden) {
    const older = wanted - this.shown;
    const more = el("button", { type: "button", class: "small" }, t("flow.older", Math.min(older, SHOWN)));
    more.addEventListener("click", () => {
      this.shown += SHOWN;
      this.draw();
    });
    fill(
      this.body.querySelector(".rest"),
      older > 0 && el("p", {}, more),
      wanted === 0 && el("p", { class: "quiet" }, t(`flow.none.${this.choice}`)),
      hidden > 0 && el("p", { class: "quiet" }, t("flow.hidden", hidden)),
    );
  }

  /** The element of a way; drawn anew where something changed. */
  item(way) {
    const old = this.items.get(way.id);
    if (old && !this.dirty.has(way)) return old;
    const fresh = card(way, this.verdict(way));
    this.items.set(way.id, fresh);
    if (old?.isConnected) renew(old, fresh);
    return fresh;
  }

  /** Tells listeners of what a person is to know. */
  say(way) {
    if (!way.isFresh) return;
    way.isFresh = false;
    const { tone, text } = this.verdict(way);
    if (tone !== "quiet" && tone !== "running") announce(t("flow.said", way.name ?? t("flow.own"), sentence(text)));
  }
}

function sentence([key, ...values]) {
  const said = values.map((value) => {
    if (!Array.isArray(value)) return value;
    return value.map((one) => (typeof one === "string" ? t(`hop.${one}`) : t(`place.${one.hop}`, one.name)));
  });
  return t(`verdict.${key}`, ...said);
}

function card(way, judged) {
  const steps = way.steps;
  const { tone, text, stops = [], noMessage, near } = judged;
  const record = way.record && fold("record", t("flow.record"), () => el("pre", { lang: "en", tabindex: "0" }, JSON.stringify(way.record, null, 2)));
  if (tone === "quiet") return quietCard(way, steps, sentence(text), stops.map(reason), near, record);
  const refused = way.record?.errorCode && text[0] !== "refused";
  return el(
    "li",
    { class: `way ${tone}`, "data-id": way.id, tabindex: "-1" },
    el(
      "header",
      {},
      el("h3", {}, el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[tone]), way.name ?? t("flow.own")),
      about(way),
    ),
    el("p", { class: "verdict" }, sentence(text)),
    refused && el("p", { class: "quiet" }, t("verdict.refused", way.record.errorCode)),
    chips(way, steps),
    stops.map((stop) => el("div", { class: "why" }, el("p", {}, reason(stop)), helps(remedy(stop)), evidence(stop))),
    noMessage && el("div", { class: "why" }, helps(t("remedy.no_discord"))),
    el("div", { class: "folds" }, fold("way", t("flow.way"), () => legs(way, steps)), record),
  );
}

function helps(text) {
  return text && el("p", {}, el("b", {}, `${t("flow.helps")}: `), text);
}

/** What a call was about, who made it, and when. */
function about(way) {
  return [
    way.subject && el("code", { class: "subject" }, way.subject),
    way.by && el("span", { class: "by" }, t("flow.by", way.by)),
    clock(way.time),
  ];
}

/** An event that nobody waits for, in two lines; all of it unfolds. */
function quietCard(way, steps, said, reasons, near, record) {
  const summary = [said, ...reasons.map((one) => ` ${one}`), near && nearest(near)];
  return el(
    "li",
    { class: "way quiet", "data-id": way.id, tabindex: "-1" },
    el("header", {}, el("h3", {}, way.name ?? t("flow.own")), about(way)),
    fold("way", summary, () => [chips(way, steps), legs(way, steps), record]),
  );
}

/** Why a rule did not take an event that it nearly took. */
function nearest({ delivery }) {
  const failures = delivery.explanation?.failures ?? [];
  if (failures.length !== 1) return undefined;
  const [{ path, near_miss: miss }] = failures;
  return [" ", named(delivery.to), ": ", el("code", {}, path), " ", miss ? t(`near.${miss.kind}`, miss) : ""];
}

function chips(way, steps) {
  const made = ladder(way, steps).map(({ hop, state }) =>
    el(
      "li",
      { class: `hop ${state}` },
      el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[state]),
      t(`hop.${hop}`),
      el("span", { class: "unseen" }, `: ${t(`state.${state}`)}`),
    ),
  );
  return el("ol", { class: "ladder" }, made);
}

/** Every leg with its time and what became of it. */
function legs(way, steps) {
  const api = way.record && {
    time: way.time,
    hop: "api",
    state: way.record.errorCode ? "stopped" : "ok",
    names: [el("code", {}, way.record.eventSource), " ", way.record.sourceIPAddress],
    more: way.record.errorCode && el("p", { lang: "en" }, `${way.record.errorCode}: ${way.record.errorMessage ?? ""}`),
  };
  const rows = steps.map((step) => {
    const { hop, delivery, exchange, retries } = step;
    const state = stateOf(step);
    const names = exchange
      ? [`HTTP ${exchange.status}`]
      : [named(delivery.from), delivery.to ? [el("span", { class: "to", "aria-hidden": "true" }, " → "), named(delivery.to)] : ""];
    const failed = state !== "ok" && state !== "running";
    const more = [
      failed && el("p", {}, reason(step)),
      failed && evidence(step),
      retries > 0 && el("p", { class: "quiet" }, t("retries", retries)),
    ];
    return { time: (delivery ?? exchange).time, hop, state, names, more };
  });
  const made = [api, ...rows].filter(Boolean).map(({ time, hop, state, names, more }) =>
    el(
      "li",
      { class: `leg ${state}` },
      el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[state]),
      el("b", {}, t(`hop.${hop}`)),
      el("span", { class: "unseen" }, ` ${t(`state.${state}`)} `),
      el("span", { class: "ends" }, names),
      el("time", { datetime: time }, after(way.time, time)),
      el("div", { class: "more" }, more),
    ),
  );
  return el("ol", { class: "legs" }, made);
}
