// Elements from plain values. Whatever comes from outside becomes a text node or an attribute's value, never HTML.

/** An element: `properties` are attributes, or listeners under `on`; children are nodes, texts, lists, or nothing. */
export function el(name, properties, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (key === "class") {
      element.className = value;
    } else {
      element.setAttribute(key, value === true ? "" : String(value));
    }
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  const known = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  return known.map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

/** Puts `children` in the place of all that an element has. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
}

/** Makes `items` the children of a list, and touches those that are in their place already no more than it must. */
export function arrange(list, items) {
  let place = list.firstChild;
  for (const item of items) {
    if (item === place) place = place.nextSibling;
    else list.insertBefore(item, place);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** Replaces an element by its newer form, and keeps what the person did to it: what is unfolded, and the focus. */
export function renew(old, fresh) {
  // The outer ones come first, so that the inner ones are there when it is their turn.
  for (const { dataset } of old.querySelectorAll("details[open]")) {
    const again = [...fresh.querySelectorAll("details")].find((one) => one.dataset.key === dataset.key);
    if (again) unfold(again);
  }
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  old.replaceWith(fresh);
  if (focused) {
    [...fresh.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === focused)?.focus();
  }
  return fresh;
}

/** What is to be made when a part is unfolded for the first time. */
const unmade = new WeakMap();

/**
 * A part that can be unfolded; `key` tells it from others inside the same element. `make` gives what is inside, once
 * somebody wants to see it.
 */
export function fold(key, summary, make) {
  const details = el("details", { "data-key": key }, el("summary", { "data-focus": key }, summary));
  unmade.set(details, make);
  details.addEventListener("toggle", () => details.open && unfold(details));
  return details;
}

function unfold(details) {
  const make = unmade.get(details);
  unmade.delete(details);
  if (make) details.append(...nodes([make()]));
  details.open = true;
}

/** A button that copies a text, or what a function fetches. It says so in its own words for a moment. */
export function copyButton(what, { label, done, failed }, kind = "copy") {
  const button = el("button", { type: "button", class: kind }, label);
  button.addEventListener("click", async () => {
    let said = done;
    try {
      const text = typeof what === "function" ? await what() : what;
      await navigator.clipboard.writeText(text);
    } catch {
      said = failed;
    }
    button.textContent = said;
    announce(said);
    setTimeout(() => (button.textContent = label), 1600);
  });
  return button;
}

/** Says something to those who listen to the page. */
export function announce(text) {
  document.getElementById("said").textContent = text;
}
