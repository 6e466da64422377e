// Numbers as French writes them, and as people type them.

const NARROW = "\u202f";
const UNKNOWN = "n.d.";
const formats = new Map();

/** A number with a decimal comma and narrow no-break spaces; « n.d. » when unknown. */
function formatNumber(value, decimals = 0) {
  if (value === null || value === undefined || Number.isNaN(value)) return UNKNOWN;
  if (!formats.has(decimals)) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    formats.set(decimals, new Intl.NumberFormat("fr-FR", digits));
  }
  const text = formats.get(decimals).format(Math.abs(value)).replace(/\s/g, NARROW);
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** A quantity with about three significant digits. */
function formatQuantity(value, decimals) {
  if (decimals !== undefined && decimals !== null) return formatNumber(value, decimals);
  const size = Math.abs(value);
  return formatNumber(value, size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

function formatSigned(value, decimals = 0) {
  const text = formatNumber(value, decimals);
  return text === UNKNOWN || text.startsWith("−") || !/[1-9]/.test(text) ? text : `+${text}`;
}

/** What was typed as a number: null when empty, NaN when it is not one. */
function parseNumber(text) {
  const bare = text.replace(/[\s\u00a0\u202f]/g, "").replace(/^[−–]/, "-").replace(",", ".");
  if (bare === "") return null;
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(bare) ? Number(bare) : NaN;
}

/** A value as it is shown in a field that is being read, without spaces to select around. */
function formatField(value, decimals) {
  return value === null || value === undefined || Number.isNaN(value) ? "" : formatNumber(value, decimals);
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The no-break spaces of a sentence written with ordinary ones. */
function french(text) {
  return text.replace(/ ([:»])/g, "\u00a0$1").replace(/ ([;?!%])/g, `${NARROW}$1`).replace(/« /g, "«\u00a0");
}
