// The ladder: from an event's deliveries to what passed, what was stopped, and what to make of it.

import { caller, short, subject } from "./names.js";

/** The hops in the order in which an event takes them. */
const HOPS = ["api", "trail", "bus", "rule", "topic", "queue", "http", "function", "discord", "mail"];

/** The hops that are shown only where something was tried: most alarms do not have them. */
const OPTIONAL = new Set(["queue", "http"]);

/** Calls that build a pipeline. That no rule takes them is no news. */
const BUILDING = new Set(["cloudtrail", "events", "iam", "lambda", "logs", "s3", "sns", "sqs", "sts"]);

/** Mismatches that look like a slip of whoever wrote the pattern. */
const SLIPS = new Set(["letter_case", "white_space", "type", "path_letter_case", "elsewhere", "spelling"]);

/** How long after its end was logged a function's message may still come, in milliseconds. */
const GRACE = 250;

/** How long after each other deliveries without a record may come and still belong together, in milliseconds. */
const NEIGHBOURS = 3000;

/** One event on its way: the record of a call, or something that was published without one. */
export class Way {
  record = undefined;
  deliveries = [];
  running = [];
  /** The requests to Discord that its functions made. */
  exchanges = [];

  constructor(id, time) {
    this.id = id;
    this.time = time;
  }

  /** What was tried, each leg once with its last outcome, in the order of time. */
  get steps() {
    const legs = new Map();
    for (const delivery of [...this.deliveries, ...this.running]) {
      const key = [delivery.hop, delivery.from, delivery.to].join(" ");
      const before = legs.get(key);
      const retries = (before?.retries ?? 0) + (before?.delivery.outcome === "retried" ? 1 : 0);
      legs.set(key, { hop: delivery.hop, delivery, retries });
    }
    for (const [index, exchange] of this.exchanges.entries()) {
      // Of several attempts the last one counts.
      if (index === this.exchanges.length - 1) legs.set("discord", { hop: "discord", exchange, retries: index });
    }
    return [...legs.values()].sort((a, b) => HOPS.indexOf(a.hop) - HOPS.indexOf(b.hop));
  }

  get readOnly() {
    return this.record?.readOnly === true;
  }

  get name() {
    return this.record?.eventName ?? this.deliveries.find((one) => one.event_name)?.event_name;
  }

  get subject() {
    return this.record ? subject(this.record) : short(this.deliveries[0]?.from);
  }

  get by() {
    return this.record && caller(this.record.userIdentity);
  }

  get builds() {
    return BUILDING.has(this.record?.eventSource?.split(".")[0]);
  }
}

/** Whether a step arrived, was stopped, or goes on. */
export function stateOf({ delivery, exchange }) {
  if (exchange) return exchange.status < 300 ? "ok" : "stopped";
  if (delivery.reason === "pattern_mismatch" && !isSlip(delivery)) return "missed";
  return { delivered: "ok", stopped: "stopped", retried: "retried", under_way: "running" }[delivery.outcome];
}

/** Whether a pattern misses the event by what looks like a slip. */
function isSlip({ explanation }) {
  const failures = explanation?.failures ?? [];
  return failures.length > 0 && failures.every((failure) => SLIPS.has(failure.near_miss?.kind));
}

/** Every hop of the ladder with its state. */
export function ladder(way, steps = way.steps) {
  const api = way.record ? [{ hop: "api", state: way.record.errorCode ? "stopped" : "ok" }] : [];
  const rest = HOPS.slice(1).map((hop) => ({ hop, state: together(steps.filter((step) => step.hop === hop).map(stateOf)) }));
  const function_ = rest.find(({ hop }) => hop === "function").state;
  const discord = rest.find(({ hop }) => hop === "discord");
  if (discord.state === "none" && function_ === "ok") discord.state = "missed";
  const first = way.record ? 0 : rest.findIndex(({ state }) => state !== "none");
  return [...api, ...rest.slice(Math.max(first, 0))].filter(({ hop, state }) => state !== "none" || !OPTIONAL.has(hop));
}

function together(states) {
  if (!states.length) return "none";
  const known = new Set(states);
  // Rules that are not meant for the event say nothing beside one that is.
  if (known.size > 1) known.delete("missed");
  if (known.size === 1) return [...known][0];
  if (known.has("running") || known.has("retried")) return "running";
  return "partly";
}

/**
 * What it all comes to: a `tone`, the text to say it with, and the steps that were stopped.
 *
 * Arrived is what a person sees: a mail, a message in a channel. A queue or a function by itself wakes nobody.
 */
export function verdict(way, channelOf) {
  const steps = way.steps;
  const of = (state) => steps.filter((step) => stateOf(step) === state);
  const [arrived, stopped] = [of("ok"), of("stopped")];
  const people = arrived.filter(({ hop }) => hop === "mail" || hop === "discord");
  const machines = arrived.filter(({ hop }) => hop === "queue" || hop === "http" || hop === "function");
  // One that a person forgot to confirm says less than one that fails.
  const stops = stopped.toSorted((a, b) => Number(a.hop === "mail") - Number(b.hop === "mail"));
  const hops = [...new Set(stops.map(({ hop }) => hop))];
  const places = (list) => list.map((step) => place(step, channelOf));
  if (of("running").length || of("retried").length) return { tone: "running", text: ["running"] };
  if (people.length && !stops.length) return { tone: "ok", text: ["arrived", places(people)] };
  if (people.length) return { tone: "partly", text: ["partly", places(people), hops], stops };
  if (stops.length) return { tone: stops.every((stop) => isExpected(way, stop)) ? "quiet" : "stopped", text: ["stopped", hops], stops };
  if (machines.some(({ hop }) => hop === "function")) return { tone: "taken", text: ["noMessage"], noMessage: true };
  if (machines.length) return { tone: "taken", text: ["taken", places(machines)] };
  if (way.record?.errorCode) return { tone: "quiet", text: ["refused", way.record.errorCode] };
  const has = (hop, list = arrived) => list.some((step) => step.hop === hop);
  if (has("topic")) return { tone: "stopped", text: ["noSubscriber"] };
  if (has("bus") && !has("rule", steps)) return { tone: "quiet", text: ["noRule"] };
  const missed = of("missed");
  const kin = missed.map((step) => ({ step, common: kinship(step.delivery) })).find(({ common }) => common);
  if (kin && !way.readOnly) return { tone: "unheard", text: ["unheard", kin.common], stops: [kin.step] };
  return { tone: "quiet", text: ["unmatched"], near: missed[0] };
}

/**
 * What an event that a pattern does not list has in common with all those that it lists: `SecurityGroup`, where the
 * pattern lists Authorize… and Revoke… and somebody calls ModifySecurityGroupRules.
 */
function kinship({ explanation }) {
  const [failure, ...others] = explanation?.failures ?? [];
  if (others.length || failure?.near_miss?.kind !== "not_listed" || failure.wanted.length < 2) return undefined;
  const words = (name) => name.match(/[A-Z][a-z0-9]+/g) ?? [];
  const all = failure.wanted.map(words);
  const common = all[0].filter((word) => all.every((one) => one.includes(word))).join("");
  return common.length > 3 && failure.near_miss.found.includes(common) ? common : undefined;
}

/** Whether that a step was stopped is what one expects: of calls that build the pipeline, and of those that only read. */
function isExpected(way, { hop, delivery }) {
  if (delivery?.reason === "read_only_event") return true;
  return hop === "trail" && (way.builds || way.readOnly || Boolean(way.record?.errorCode));
}

function place({ hop, delivery, exchange }, channelOf) {
  if (exchange) return { hop, name: channelOf(exchange.webhook_id) ?? "?" };
  return { hop, name: short(delivery.to) };
}

/** Finds the group that a delivery without a record belongs to, among the newest ones. */
export function neighbour(ways, delivery) {
  return ways.find((way) => {
    const last = way.deliveries.at(-1);
    const near = Math.abs(new Date(delivery.time) - new Date(last?.time ?? 0)) < NEIGHBOURS;
    return near && way.deliveries.some((one) => one.to === delivery.from || one.from === delivery.from);
  });
}

/**
 * Says which way each request to Discord belongs to: one whose function ran at the time. Where several ran, the one
 * whose names are in the message; then the one whose function ended soonest after it. Returns the ways that changed.
 */
export function attribute(exchanges, ways) {
  const spans = ways.map((way) => ({ way, span: span(way) })).filter(({ span }) => span);
  const found = new Map(spans.map(({ way }) => [way, []]));
  for (const exchange of exchanges) {
    const time = new Date(exchange.time).getTime();
    const candidates = spans.filter(({ span }) => span.from <= time && time <= span.to);
    const best = candidates
      .map(({ way, span }) => ({ way, points: points(way, exchange), wait: span.to - time }))
      .sort((a, b) => b.points - a.points || a.wait - b.wait)[0];
    if (best) found.get(best.way).push(exchange);
  }
  const changed = [];
  for (const [way, now] of found) {
    const same = now.length === way.exchanges.length && now.every((one, index) => one === way.exchanges[index]);
    if (!same) {
      way.exchanges = now;
      changed.push(way);
    }
  }
  return changed;
}

/** When a way's functions ran. */
function span(way) {
  const runs = way.deliveries.filter((one) => one.hop === "function" && one.reason !== "policy_denied");
  if (!runs.length && !way.running.length) return undefined;
  const published = way.deliveries.find((one) => one.hop === "topic" || one.hop === "rule") ?? runs[0] ?? way.running[0];
  const ends = way.running.length ? Infinity : Math.max(...runs.map((one) => new Date(one.time).getTime())) + GRACE;
  return { from: new Date(published.time).getTime(), to: ends };
}

function points(way, { message }) {
  if (!message || !way.record) return 0;
  const text = JSON.stringify(message);
  const { eventID, requestID, eventName } = way.record;
  const says = (value, worth) => (value && text.includes(value) ? worth : 0);
  return says(eventID, 8) + says(requestID, 8) + says(eventName, 4) + says(way.subject, 2);
}
