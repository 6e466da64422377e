// The simulator in one file: its data (Python puts them in #donnees), French numbers, the levers, what is missing.

const DATA = JSON.parse(document.getElementById("donnees").textContent);
const TEXTS = DATA.texts;
const LEVERS = new Map(DATA.levers.map((lever) => [lever.id, lever]));
const OPEN = DATA.levers.filter((lever) => !lever.closed);
const UNITS = { k: "kt", q: "quantity" };
const SAME = 1e-9;
const $ = (id) => document.getElementById(id);
const entries = new Map(); // lever id → {unit: "k" or "q", value}: what was typed, to the last bit
const undone = [];
let view = null;

// ---- French numbers, digit for digit as copkit/french.py writes them
function rounded(size, decimals) { // exact, ties to even, as Python does; Intl rounds the shortest decimal instead
  const all = size.toFixed(60);
  const kept = all.slice(0, decimals ? decimals - 60 : -61);
  return /^\.?50*$/.test(all.slice(kept.length)) && /[02468]$/.test(kept) ? kept : size.toFixed(decimals);
}
function number(value, decimals = 1) {
  if (value === null || Number.isNaN(value)) return TEXTS.unknown;
  const [whole, part] = rounded(Math.abs(value), decimals).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") + (part ? `,${part}` : "");
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}
function quantityText(value) {
  const size = Math.abs(value);
  return number(value, size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}
const signed = (value) => (value > 0 && /[1-9]/.test(number(value)) ? `+${number(value)}` : number(value));
const typedText = (value) => String(value).replace(".", ",").replace("-", "−");
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
function read(text) {
  const plain = text.replace(/\s/g, "").replace(/^[−–]/, "-").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN;
}

// ---- The model: linear levers, the same operations in the same order as copkit.models.limits
const same = (a, b) => Math.abs(a - b) <= Math.max(SAME * Math.max(Math.abs(a), Math.abs(b)), 1e-12);
const ktOf = (lever, quantity) =>
  quantity === lever.quantity ? lever.target : lever.translated ? (quantity - lever.start) / lever.slope : NaN;
function quantityOf(lever, kt) {
  if (kt === lever.target) return lever.quantity ?? NaN;
  if (!lever.translated) return NaN;
  if (kt === lever.high) return lever.slope < 0 ? lever.quantity_min : lever.quantity_max;
  return lever.start + kt * lever.slope;
}
function ofEntry(lever, entry) {
  if (!entry) return { kt: lever.target ?? NaN, quantity: lever.quantity ?? NaN };
  return entry.unit === "k"
    ? { kt: entry.value, quantity: quantityOf(lever, entry.value) }
    : { kt: ktOf(lever, entry.value), quantity: entry.value };
}
function refusal(lever, { unit, value }) {
  if (!Number.isFinite(value)) return TEXTS.not_a_number;
  const kt = unit === "q" ? ktOf(lever, value) : value;
  if (lever.closed) return same(kt, lever.target) ? "" : fill(TEXTS.closed, lever);
  if (lever.empty && !same(kt, lever.target)) return TEXTS.empty;
  if (Number.isNaN(kt)) return TEXTS.untranslated;
  const pattern = unit === "k" ? TEXTS.said_kt : TEXTS.said_quantity;
  const values = { ...lever, said: fill(pattern, { typed: typedText(value), unit: lever.unit, kt: quantityText(kt) }) };
  if (kt < 0) return fill(TEXTS.negative, values);
  const beyond = (lever.high !== null && kt > lever.high)
    || (unit === "q" && lever.quantity_max !== null && value > lever.quantity_max);
  return beyond ? fill(TEXTS.beyond, values) : "";
}
function sums(levers, values) {
  const out = { reference: 0, proposed: 0, deficit: 0, surplus: 0 };
  for (const lever of levers) {
    const { kt } = values.get(lever.id);
    if (lever.target === null || Number.isNaN(kt)) continue;
    out.reference += lever.target;
    out.proposed += kt;
    out.deficit += Math.max(lever.target - kt, 0); // lever by lever: a surplus never hides a deficit
    out.surplus += Math.max(kt - lever.target, 0);
  }
  return { ...out, net: out.deficit - out.surplus };
}
function compute() {
  const values = new Map(DATA.levers.map((lever) => [lever.id, ofEntry(lever, entries.get(lever.id))]));
  const bare = DATA.levers.filter((lever) => !lever.forest);
  const counted = $("foret").checked ? DATA.levers : bare;
  const sectors = DATA.sectors.map(({ id }) => [id, sums(counted.filter((lever) => lever.sector === id), values)]);
  return { values, without: sums(bare, values), with: sums(DATA.levers, values), sectors };
}
function sentence({ deficit, surplus, net }) {
  const missing = !same(deficit, 0) && deficit > 0;
  const above = !same(surplus, 0) && surplus > 0;
  const values = { deficit: number(deficit), surplus: number(surplus), net: number(net) };
  if (!missing) return fill(above ? TEXTS.above : TEXTS.met, values);
  if (!above) return fill(TEXTS.missing, values);
  return fill(net > 0 && !same(deficit, surplus) ? TEXTS.uncompensated : TEXTS.compensated, values);
}
