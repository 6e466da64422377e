// Numbers as copkit/french.py writes them, digit for digit, and as people type them. Served page and one-file page.

const NARROW = "\u202f";
const UNKNOWN = "n.d.";
const MEASURED = /(\d)(?<!\/100) (?=[kMG]?tCO₂|k?gCO₂|(?:k|M|Md)?€|(?:[kM]?t|k?g|k?m|ha|L|[kMGT]?Wh|[kMG]W|milliers|millions|milliards)(?![\p{L}\d_]))/gu;

/** A size ≥ 0 rounded from its exact binary value, ties to even, as Python does; toFixed rounds them up. */
function rounded(size, decimals) {
  if (size >= 1e21) return BigInt(size).toString() + (decimals ? `.${"0".repeat(decimals)}` : "");
  const next = size.toFixed(decimals + 1);
  const low = next.slice(0, decimals ? -1 : -2);
  const tie = next.endsWith("5") && Number.isInteger(size * 2 ** (decimals + 1));
  return tie && /[02468]$/.test(low) ? low : size.toFixed(decimals);
}

/** A number with a decimal comma and narrow no-break spaces; « n.d. » when unknown. */
function formatNumber(value, decimals = 1) {
  if (value === null || value === undefined || Number.isNaN(value)) return UNKNOWN;
  const [whole, part] = rounded(Math.abs(value), decimals).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, NARROW) + (part ? `,${part}` : "");
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

const whole = (value) => formatNumber(value, 0);

/** A sum of levers, with no more digits than it is worth. */
function formatSum(value) {
  const text = formatNumber(value, Math.abs(value) >= 100 ? 0 : 1);
  return text === "0,0" ? "0" : text;
}

/** A quantity with about three significant digits. */
function formatQuantity(value) {
  const size = Math.abs(value);
  return formatNumber(value, size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** What is written of a difference, with its sign; none for what is written zero. */
const withSign = (value, text) => (value > 0 && /^[^<]*[1-9]/.test(text) ? `+${text}` : text);

const formatSigned = (value, decimals = 1) => withSign(value, formatNumber(value, decimals));

/** The place of the last of so many significant figures, and `decimals` at most; 0 where every figure counts. */
function stepOf(value, figures = 2, decimals = 1) {
  if (!figures || !value) return 0;
  return 10 ** Math.max(-decimals, Math.floor(Math.log10(Math.abs(value))) - figures + 1);
}

/** A number to a place; with so many decimals where there is none. */
function formatStep(value, step, decimals = 1) {
  if (value === null || value === undefined || !step) return formatNumber(value, decimals);
  const places = Math.max(0, -Math.round(Math.log10(step)));
  const size = Math.abs(value);
  if (size && size < step / 2) return `<\u00a0${formatNumber(step, places)}`;
  return formatNumber(Math.sign(value) * Number(rounded(size / step, 0)) * step, places);
}

/** A number with the digits that it was typed with, and no space. */
function formatExact(value) {
  const size = Math.abs(value);
  const [digits, power] = size.toExponential().split("e");
  let text = size >= 1e16 ? `${digits}e${power}` : String(size);
  if (size && size < 1e-6) text = `0.${"0".repeat(-power - 1)}${digits.replace(".", "")}`;
  return (value < 0 ? "−" : "") + text.replace(".", ",");
}

const plural = (count, noun) => `${whole(count)} ${noun}${Math.abs(count) < 2 ? "" : "s"}`;

const LARGEST = 1e7; // as simulator/state.py
const NOT_A_NUMBER = `Écrire un nombre, par exemple 1${NARROW}250,5.`;

/** What was typed as a number: null when empty, NaN when it is not one or when no lever could be as large. */
function parseNumber(text) {
  const bare = text.replace(/\s/g, "").replace(/^[−–]/, "-").replace(",", ".");
  if (bare === "") return null;
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(bare) && Math.abs(bare) <= LARGEST ? Number(bare) : NaN;
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A sentence whose numbers stay with their units. */
const measured = (text) => text.replace(MEASURED, "$1\u00a0");

/** The no-break spaces of a sentence written with ordinary ones. */
function french(text) {
  return measured(text).replace(/ ([:»])/g, "\u00a0$1").replace(/ ([;?!%])/g, `${NARROW}$1`).replace(/« /g, "«\u00a0");
}
