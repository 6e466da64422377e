// Small helpers to make elements and to patch them in place.

let lastId = 0;
const newId = (name) => `copkit-${name}-${++lastId}`;

/** h("p", { class: "x", onclick: f }, "text", node): an element. A null child or property is left out. */
function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, one] of Object.entries(value)) node.style.setProperty(key, one);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const hidden = (...children) => h("span", { class: "ck-hidden" }, ...children);

/** Writes only what changed, so that a screen reader and the layout are left alone. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttribute(node, name, value) {
  if (value === null || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** A field keeps what is being typed in it. */
function setField(input, text) {
  if (document.activeElement !== input && input.value !== text) input.value = text;
}

/** A choice follows the state even where the focus is: nothing is half typed in it. */
function setChoice(list, id) {
  if (list.value !== id) list.value = id;
}

function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

/** A label above its field. */
function field(label, input, note = null) {
  input.id ||= newId("champ");
  return h("div", { class: "ck-field" }, h("label", { for: input.id }, label), input, note);
}

function select(choices, value, onchange) {
  const options = (list) => list.map(([id, label]) => h("option", { value: id, selected: id === value }, label));
  const groups = choices.map(([group, list]) => (group ? h("optgroup", { label: group }, options(list)) : options(list)));
  return h("select", { onchange: (event) => onchange(event.target.value) }, ...groups.flat());
}

function radios(legend, name, choices, value, onchange) {
  const group = newId(name);
  const boxes = choices.map(([id, label]) => {
    const input = h("input", { type: "radio", name: group, value: id, checked: id === value, id: newId(name) });
    input.addEventListener("change", () => onchange(id));
    return h("span", { class: "ck-choice" }, input, h("label", { for: input.id }, label));
  });
  return h("fieldset", { class: "ck-radios" }, h("legend", {}, legend), ...boxes);
}

function details(summary, ...children) {
  return h("details", {}, h("summary", {}, summary), ...children);
}

/**
 * The same, its content made by `make()` (a list) when it is first opened: most are never looked at, and a browser
 * looks at every field of a page each time one of them changes.
 */
function lazyDetails(summary, make) {
  const element = details(summary);
  element.addEventListener("toggle", () => element.append(...make().filter(Boolean)), { once: true });
  return element;
}

const button = (text, onclick, kind = "") => h("button", { type: "button", class: `ck-button ${kind}`, onclick }, text);

/**
 * A table whose rows can be patched: columns are [label, numeric]; the first cell of a row is its header.
 * `update(rows)`, where a row is a list of texts or nodes, keeps the cells whose text did not change.
 */
function table(caption, columns) {
  const body = h("tbody");
  const heads = columns.map(([label, numeric]) => h("th", { scope: "col", class: numeric ? "ck-number" : null }, label));
  const element = h("table", {}, h("caption", {}, caption), h("thead", {}, h("tr", {}, ...heads)), body);
  const region = h("div", { class: "ck-scroll", role: "region", tabindex: "0", "aria-label": caption }, element);
  const newRow = () =>
    h("tr", {}, ...columns.map(([label, numeric], i) =>
      h(i ? "td" : "th", { scope: i ? null : "row", class: numeric ? "ck-number" : null, "data-label": i ? label : null })));
  const update = (rows) => {
    while (body.rows.length < rows.length) body.append(newRow());
    while (body.rows.length > rows.length) body.lastElementChild.remove();
    rows.forEach((row, i) => row.forEach((cell, j) => {
      const place = body.rows[i].cells[j];
      if (cell instanceof Node) {
        if (place.firstChild !== cell) place.replaceChildren(cell);
      } else setText(place, cell ?? "");
    }));
  };
  return { element: region, update };
}

/** Calls at once, then at most once per frame. */
function eachFrame(call) {
  let busy = false;
  let again = false;
  const run = () => {
    if (busy) { again = true; return; }
    busy = true;
    call();
    requestAnimationFrame(() => {
      busy = false;
      if (again) { again = false; run(); }
    });
  };
  return run;
}

function later(call, delay) {
  let timer = 0;
  return (...values) => { clearTimeout(timer); timer = setTimeout(() => call(...values), delay); };
}
