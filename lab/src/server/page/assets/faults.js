// What was ordered to go wrong in this lab, so that nobody takes it for AWS's doing.

import { announce, el, fill } from "./dom.js";
import { named } from "./names.js";
import { t } from "./text.js";

const KINDS = ["calls", "deliveries", "discord"];

/** What the strip of faults shows; it is not there while there are none. */
export class Faults {
  known = undefined;

  constructor(strip, changed) {
    this.strip = strip;
    this.changed = changed;
  }

  know(faults) {
    this.known = faults;
    this.render();
  }

  render() {
    const faults = KINDS.flatMap((kind) => (this.known?.[kind] ?? []).map((fault) => ({ kind, ...fault })));
    this.strip.hidden = !faults.length;
    const focused = this.strip.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    fill(
      this.strip,
      el("header", {}, el("h2", { id: "faults-title" }, t("faults.title", faults.length)), this.button("all", t("faults.all"), "")),
      el("p", { class: "quiet" }, t("faults.meaning")),
      el("ul", {}, faults.map((fault) => this.item(fault))),
    );
    if (focused) [...this.strip.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === focused)?.focus();
  }

  item(fault) {
    const { id, struck } = fault;
    const what = [where(fault), " ", el("b", {}, t(`faults.${fault.kind === "discord" ? "answers" : "kinds"}.${fault.fault}`, fault.milliseconds))];
    return el(
      "li",
      {},
      el("span", { class: "what" }, what),
      el("span", { class: "quiet" }, share(fault)),
      el("span", { class: `badge ${struck ? "wait" : "off"}` }, t("faults.struck", struck)),
      this.button(id, t("faults.remove"), `?id=${id}`),
    );
  }

  button(key, label, query) {
    const remove = async () => {
      try {
        // One that is used up or gone already is gone all the same.
        await fetch(`/_lab/faults${query}`, { method: "DELETE" });
        announce(t("faults.removed"));
      } finally {
        this.changed();
      }
    };
    return el("button", { type: "button", class: "small", "data-focus": key, "data-remove": key, on: { click: remove } }, label);
  }
}

function where({ kind, service, operation, hop, to }) {
  if (kind === "discord") return t("faults.discord");
  if (kind === "calls") return service ? el("code", {}, operation ? `${service} ${operation}` : service) : t("faults.every_call");
  return [t("faults.towards", t(`hop.${hop}`)), to ? [" ", named(to)] : undefined];
}

function share({ rate, next, left }) {
  if (next !== undefined) return t("faults.next", left, next);
  return rate === undefined ? t("faults.always") : t("faults.rate", rate * 100);
}
