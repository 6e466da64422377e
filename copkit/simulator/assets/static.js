// The simulator in one file: its link, its page, its panorama, what the visitor does. After numbers.js and scenario.js.

const DATA = JSON.parse(document.getElementById("donnees").textContent);
const TEXTS = DATA.texts;
const UNITS = { k: "ktco2e", q: "quantity" };
const $ = (id) => document.getElementById(id);
const LEVERS = new Map(DATA.levers.map((lever) => [lever.id, lever]));
const OPEN = DATA.levers.filter((lever) => !lever.limit.closed);
const LIMIT = limitsOf(DATA);
const entries = new Map(); // lever id → {unit, value}: what was typed, to the last bit
const undone = [];
let view = null;

/** Both units of a lever for an entry, or at its reference. */
const standingOf = (lever, entry) => standing(LIMIT.get(lever.id), { ...NO_ENTRY, ...entry }, NO_ENTRY);
const refusal = (lever, { unit, value }) => (Number.isFinite(value) ? LIMIT.get(lever.id).refusal(value, unit, 0) : NOT_A_NUMBER);

// ---- The link: the same text as the simulator online
const link = () => {
  const parts = [...entries].map(([id, { unit, value }]) => `&l=${id}:${unit === "quantity" ? "q" : "k"}:${value}`);
  return `v=${encodeURIComponent(DATA.version)}${parts.join("")}`;
};
function open(text) {
  const given = new URLSearchParams(text);
  const wrong = [];
  const version = given.get("v");
  if (version && version !== DATA.version) wrong.push(fill(TEXTS.other_version, { given: version, version: DATA.version }));
  const territory = given.get("territoire");
  if (territory && territory !== DATA.territory) return [fill(TEXTS.other_territory, { given: territory })];
  entries.clear();
  for (const part of given.getAll("l").slice(0, 60)) {
    const [id, unit, value, done] = part.split(":");
    const lever = LEVERS.get(id);
    if (!lever || !UNITS[unit]) { wrong.push(fill(TEXTS.unreadable, { part: part.slice(0, 60) })); continue; }
    if (done && !wrong.includes(TEXTS.without_done)) wrong.push(TEXTS.without_done);
    const entry = { unit: UNITS[unit], value: Number(value || NaN) };
    const said = refusal(lever, entry);
    if (said) wrong.push(`${lever.label}\u00a0: ${said}`);
    else put(lever, entry);
  }
  return wrong;
}
let written = "";
function writeLink() {
  const text = link();
  $("lien").value = `${DATA.address}?territoire=${DATA.territory}&${text}`;
  $("lien-page").value = `${location.href.split("#")[0]}#${text}`;
  written = entries.size ? `#${text}` : "";
  if (location.hash === written) return;
  try { history.replaceState(null, "", written || location.pathname + location.search); }
  catch { location.replace(written || "#"); }
}

// ---- The page
const field = (lever, name) => $(`${name}-${lever.id}`);
function show(element, text) { if (element && element.textContent !== text) element.textContent = text; }
function showField(lever, name, text) {
  const input = field(lever, name);
  if (input && input !== document.activeElement && !input.hasAttribute("aria-invalid")) input.value = text;
}
function showLever(lever) {
  const { kt, quantity, deficit, surplus } = view.levers[lever.id];
  const entry = entries.get(lever.id);
  showField(lever, "kt", entry?.unit === "ktco2e" ? formatExact(entry.value) : formatNumber(kt));
  showField(lever, "quantity", entry?.unit === "quantity" ? formatExact(entry.value) : formatQuantity(quantity));
  const side = deficit ? "gap_below" : "gap_above";
  show(field(lever, "ecart"), entry && deficit !== null ? fill(TEXTS[side], { gap: formatNumber(deficit || surplus) }) : "");
  field(lever, "levier").classList.toggle("changed", Boolean(entry));
  const slider = field(lever, "curseur");
  if (slider && slider !== document.activeElement) slider.value = kt;
  if (slider) slider.setAttribute("aria-valuetext", `${formatNumber(kt)} ${DATA.sentences.kt}`);
}
function showSums(row, { reference, proposed, deficit, surplus, net, below }) {
  for (const [name, value] of Object.entries({ reference, proposed, deficit, surplus })) show(row.querySelector(`.${name}`), formatSum(value));
  const balance = formatSum(-unknown(net));
  show(row.querySelector(".net"), net < 0 && balance !== "0" ? `+${balance}` : balance);
  row.classList.toggle("missing", below > 0);
  const bar = row.querySelector(".bar");
  if (!bar) return;
  const [met, above] = bar.querySelectorAll("rect.met, rect.above");
  const share = reference > 0 ? (100 * (reference - deficit)) / reference : 0;
  met.setAttribute("width", share);
  above.setAttribute("width", reference > 0 ? Math.min((100 * surplus) / reference, 20) : 0);
}
function render() {
  const levers = Object.fromEntries([...entries].map(([id, entry]) => [id, { ...NO_ENTRY, ...entry }]));
  view = follow(DATA, { levers, forest: false });
  const { sentence, total } = view.gauge;
  OPEN.forEach(showLever);
  show($("manque"), sentence);
  $("resume").classList.toggle("missing", total.below > 0);
  show($("propose"), fill(TEXTS.proposed, { proposed: formatSum(total.proposed), reference: formatSum(total.reference) }));
  showSums($("sans-foret"), view.totals.without_forest);
  showSums($("avec-foret"), view.totals.with_forest);
  for (const row of follow(DATA, { levers, forest: $("foret").checked }).gauge.by_sector) showSums($(`secteur-${row.id}`), row);
  for (const lever of DATA.levers) showRow(lever);
  $("annuler").disabled = undone.length === 0;
  $("reference").disabled = entries.size === 0;
  writeLink();
  announce(sentence);
  return draw();
}
function showRow(lever) {
  const row = $(`ligne-${lever.id}`);
  const { kt, quantity } = view.levers[lever.id];
  show(row.querySelector(".proposed"), secret(lever, kt));
  show(row.querySelector(".quantity"), lever.translated ? formatQuantity(quantity) : "");
  show(row.querySelector(".gap"), lever.shown && lever.target !== null ? difference(lever) : "");
}
let speaking = 0;
let spoken = null;
function announce(text) {
  clearTimeout(speaking);
  if (spoken === null) { spoken = text; return; } // the page has just been opened
  speaking = setTimeout(() => { if (spoken !== text) show($("annonce"), spoken = text); }, 800);
}

// ---- The panorama: a live Vega view; a tile is its reference, filled up to what is proposed
let panorama = null;
const options = { ast: true, actions: false, renderer: "svg", mode: "vega-lite", defaultStyle: false,
  tooltip: { disableDefaultStyle: true } };
function rows() {
  const tiles = [];
  const marks = [];
  for (const tile of DATA.tiles) {
    const lever = LEVERS.get(tile.lever);
    const { kt } = view.levers[tile.lever];
    const top = tile.y2 - (tile.y2 - tile.y) * Math.min(Math.max(kt / lever.target, 0), 1);
    const figures = { label: lever.label, reference: secret(lever, lever.target), proposed: secret(lever, kt) };
    tiles.push({ ...tile, top, tooltip: fill(TEXTS.tooltip, figures) });
    if (entries.has(lever.id) && tile.free) marks.push({ x: tile.x2 - 6, y: tile.y2 - 5, text: difference(lever) });
  }
  return { tiles, marks };
}
const secret = (lever, kt) => (lever.shown ? formatNumber(kt) : "?");
const difference = (lever) => formatSigned(unknown(view.levers[lever.id].kt) - lever.target);
function painted() { document.documentElement.dataset.painted = link(); }
function draw() {
  if (!panorama) return null;
  const { tiles, marks } = rows();
  return panorama.data("tiles", tiles).data("marks", marks).runAsync().then(painted);
}
async function embed() {
  await document.fonts.ready;
  const { tiles, marks } = rows();
  const spec = { ...DATA.panorama, datasets: { ...DATA.panorama.datasets, tiles, marks } };
  panorama = (await vegaEmbed("#panorama", spec, options)).view;
  document.documentElement.dataset.ready = "";
  draw();
}

// ---- What the visitor does
let asked = false;
function change(action) {
  undone.push(new Map(entries));
  if (undone.length > 100) undone.shift();
  action();
  soon();
}
function soon() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; render(); });
}
function put(lever, entry) {
  if (!standingOf(lever, entry).changed) entries.delete(lever.id);
  else entries.set(lever.id, entry);
}
function refuse(lever, input, message) {
  for (const name of ["kt", "quantity"]) {
    const one = field(lever, name);
    if (one && (one !== input || !message)) one.removeAttribute("aria-invalid");
  }
  if (message) input.setAttribute("aria-invalid", "true");
  show(field(lever, "erreur"), message);
}
function typed(lever, input) {
  const unit = UNITS[input.id.startsWith("kt-") ? "k" : "q"];
  if (!input.value.trim()) { refuse(lever, input, ""); change(() => entries.delete(lever.id)); return; }
  const value = parseNumber(input.value);
  const message = refusal(lever, { unit, value });
  refuse(lever, input, capital(message));
  if (!message) change(() => put(lever, { unit, value }));
}
function stepped(lever, input, direction) {
  const kind = input.id.startsWith("kt-") ? "kt" : "quantity";
  const now = standingOf(lever, entries.get(lever.id))[kind]; // several keys may come within a frame
  const { limit } = lever;
  const size = 10 ** Math.floor(Math.log10(Math.max(Math.abs(kind === "kt" ? limit.target : limit.quantity), 1e-3) / 20));
  const [low, high] = kind === "kt" ? [0, limit.kt_max] : [limit.quantity_min, limit.quantity_max];
  const digits = Math.max(0, -Math.floor(Math.log10(size)));
  const next = Number((Math.round(now / size + direction) * size).toFixed(digits));
  input.value = formatExact(Math.min(Math.max(next, low ?? -Infinity), high ?? Infinity));
  typed(lever, input);
}
function forgetErrors() { OPEN.forEach((lever) => refuse(lever, field(lever, "kt"), "")); }
function openHash() {
  const text = location.hash.slice(1);
  const wrong = text && !$(text) ? open(text) : [];
  $("avertissements").replaceChildren(...wrong.map((one) => Object.assign(document.createElement("li"), { textContent: one })));
  $("avertissement").hidden = wrong.length === 0;
}
for (const lever of OPEN) {
  for (const name of ["kt", "quantity"]) {
    const input = field(lever, name);
    if (!input) continue;
    input.addEventListener("input", () => typed(lever, input));
    input.addEventListener("blur", soon);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowUp" || event.key === "ArrowDown") { event.preventDefault(); stepped(lever, input, event.key === "ArrowUp" ? 1 : -1); }
      if (event.key === "Escape") { refuse(lever, input, ""); input.blur(); render(); input.focus(); }
    });
  }
  const slider = field(lever, "curseur");
  if (slider) slider.addEventListener("input", () => { refuse(lever, slider, ""); change(() => put(lever, { unit: "ktco2e", value: Number(slider.value) })); });
}
$("annuler").addEventListener("click", () => {
  const before = undone.pop();
  entries.clear();
  before.forEach((entry, id) => entries.set(id, entry));
  forgetErrors();
  soon();
});
$("reference").addEventListener("click", () => { forgetErrors(); change(() => entries.clear()); });
$("foret").addEventListener("change", soon);
$("imprimer").addEventListener("click", () => window.print());
for (const excel of [false, true]) {
  $(excel ? "telecharger-excel" : "telecharger").addEventListener("click", () => {
    const anchor = document.createElement("a");
    anchor.href = URL.createObjectURL(new Blob([csv(excel)], { type: "text/csv;charset=utf-8" }));
    anchor.download = excel ? DATA.file.replace(".csv", "-excel.csv") : DATA.file;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
  });
}
/** The table, as the library writes one; for a French Excel: semicolons, decimal commas, a byte order mark. */
function csv(excel) {
  const [mark, separator, end] = excel ? ["\ufeff", ";", "\r\n"] : ["", ",", "\n"];
  const cell = (value) => {
    const text = excel && typeof value === "number" ? String(value).replace(".", ",") : String(value ?? "");
    return text.includes(separator) || /["\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const rows = DATA.levers.map((lever) => {
    const { kt, quantity } = view.levers[lever.id];
    const figures = lever.shown ? [lever.target, kt, known(unknown(kt) - unknown(lever.target))] : [null, null, null];
    return [DATA.territory, lever.id, lever.label, lever.sector_label, ...figures, lever.unit, lever.known_start,
      lever.limit.quantity, quantity, lever.status_label, DATA.version];
  });
  return mark + [DATA.columns, ...rows].map((row) => row.map(cell).join(separator) + end).join("");
}
for (const button of document.querySelectorAll("[data-copy]")) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const input = $(button.dataset.copy);
    input.select();
    try { await navigator.clipboard.writeText(input.value); } catch { document.execCommand("copy"); }
    show($("annonce"), TEXTS.copied);
    show(button, TEXTS.copied);
    setTimeout(() => show(button, label), 2000);
  });
}
for (const anchor of document.querySelectorAll('a[href^="#"]')) {
  anchor.addEventListener("click", (event) => { // the address keeps the state: it cannot name a section too
    event.preventDefault();
    $(anchor.hash.slice(1)).focus();
    $(anchor.hash.slice(1)).scrollIntoView();
  });
}
window.addEventListener("hashchange", () => { if (location.hash !== written) { forgetErrors(); openHash(); render(); } });
window.addEventListener("beforeprint", () => show($("imprime"), $("lien").value));

document.documentElement.classList.add("js");
openHash();
render();
embed();
