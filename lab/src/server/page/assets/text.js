// The page's words, in the person's language.

import en from "./text-en.js";
import ko from "./text-ko.js";

const TEXTS = { en, ko };
const KEPT = "alert-drill-language";

let current = chosen() ?? browsers();

function chosen() {
  try {
    const kept = localStorage.getItem(KEPT);
    return kept in TEXTS ? kept : undefined;
  } catch {
    // A browser that keeps nothing is no reason to show nothing.
    return undefined;
  }
}

function browsers() {
  const known = navigator.languages.map((one) => one.slice(0, 2).toLowerCase()).find((one) => one in TEXTS);
  return known ?? "en";
}

/** `en` or `ko`. */
export function language() {
  return current;
}

/** Changes the language and remembers it. */
export function choose(wanted) {
  current = wanted;
  try {
    localStorage.setItem(KEPT, wanted);
  } catch {
    // It holds until the page is closed.
  }
}

/** The text of a key such as `flow.title`; those that are functions get the arguments. */
export function t(key, ...values) {
  const text = key.split(".").reduce((texts, part) => texts?.[part], TEXTS[current]);
  return typeof text === "function" ? text(...values) : (text ?? key);
}

/** Whether there is a text of this key. */
export function has(key) {
  return key.split(".").reduce((texts, part) => texts?.[part], TEXTS[current]) !== undefined;
}
