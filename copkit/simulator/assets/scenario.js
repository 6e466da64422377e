// The rules of a scenario: the only mirror of copkit/models (limits.py, scenario.py, gaps.py, interactions.py) and of
// simulator/gauge.py, operation for operation, for every page; shared cases hold it to Python.
// What is unknown is null in the page and in what is given back, NaN in between.

const known = (value) => (Number.isFinite(value) ? value : null);
const unknown = (value) => value ?? NaN;
const plain = (figures) => Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, known(value)]));
const fill = (text, parts) => measured(text.replace(/\{(\w+)\}/g, (_, name) => parts[name]));
const NO_ENTRY = { value: null, unit: "ktco2e", done: 0, why: "", source: "" };

/** True when two values differ by rounding errors only. */
function same(a, b) {
  return a === b || Math.abs(a - b) <= Math.max(1e-9 * Math.max(Math.abs(a), Math.abs(b)), 1e-12);
}

/** What one lever accepts, from its figures in the page; `sentences`: what it says. */
class Limit {
  constructor(figures, sentences) {
    Object.assign(this, figures, { sentences });
    for (const name of ["target", "quantity", "slope", "quantity_min", "quantity_max"]) this[name] = unknown(figures[name]);
    this.kt_max = figures.kt_max ?? Infinity;
  }

  quantityOf(kt) {
    if (kt === this.target) return this.quantity;
    if (!this.translated) return NaN;
    if (kt === this.kt_max) return this.slope < 0 ? this.quantity_min : this.quantity_max;
    return this.start + kt * this.slope;
  }

  ktOf(quantity) {
    if (quantity === this.quantity) return this.target;
    return this.translated ? (quantity - this.start) / this.slope : NaN;
  }

  /** Why the lever cannot be set to `value`, and what to write instead; nothing when it can. */
  refusal(value, unit, done) {
    if (value === null) return "";
    const kt = unit === "quantity" ? this.ktOf(value) : value;
    if (this.closed) return same(kt, this.target) ? "" : this.says("closed");
    if (this.empty && !same(kt, this.target)) return this.says("empty");
    if (Number.isNaN(kt)) return this.says("untranslated");
    const beyond = kt > this.kt_max || (unit === "quantity" && value > this.quantity_max);
    const wrong = kt < 0 ? "negative" : kt < done && !same(kt, done) ? "less" : beyond ? "beyond" : "";
    if (!wrong) return "";
    const said = fill(this.sentences[unit], { value: formatExact(value), unit: this.unit, kt: formatQuantity(kt) });
    return this.says(wrong, { said, both: this.both(done), range: this.range(done) });
  }

  refusalOfDone(done) {
    if (done === 0) return "";
    if (!this.closed) return this.refusal(done, "ktco2e", 0);
    const most = this.target > 0 ? this.target : 0;
    return 0 <= done && done <= most ? "" : this.says("closed_done", { range: this.interval(0, most, this.sentences.kt) });
  }

  says(name, parts) {
    return fill(this.sentences[name], { closed: this.closed, why: this.why, ...parts });
  }

  both(kt) {
    const first = `${formatNumber(kt)} ${this.sentences.kt}`;
    const quantity = this.quantityOf(kt);
    if (Number.isNaN(quantity)) return first;
    return fill(this.sentences.both, { first, second: `${formatQuantity(quantity)} ${this.unit}` });
  }

  /** The values that the lever accepts, in both units, rounded inwards so that each one is accepted. */
  range(done) {
    const first = this.interval(done, this.kt_max, this.sentences.kt);
    if (!this.translated) return first;
    const ends = [done ? this.quantityOf(done) : this.start, this.quantityOf(this.kt_max)];
    const [low, high] = this.slope > 0 ? ends : ends.reverse();
    return fill(this.sentences.both, { first, second: this.interval(low, high, this.unit) });
  }

  interval(low, high, unit) {
    const bounded = Number.isFinite(high);
    const parts = { low: inward(low, Math.ceil), high: bounded ? inward(high, Math.floor) : "", unit };
    return fill(this.sentences[bounded ? "between" : "at_least"], parts);
  }
}

/** A bound with four significant digits, never outside of what it bounds. */
function inward(value, rounding) {
  if (value === 0) return "0";
  const decimals = Math.max(1, 3 - Math.floor(Math.log10(Math.abs(value))));
  const step = 10 ** decimals;
  const near = Math.round(value * step);
  return formatNumber((same(near, value * step) ? near : rounding(value * step)) / step, decimals);
}

const limitsOf = (page) => new Map(page.levers.map((lever) => [lever.id, new Limit(lever.limit, page.sentences)]));

/** Lever → where it stands; a refused value leaves that of `before`, what was accepted last, or the reference. */
function settle(limits, entries, before = {}) {
  return new Map([...limits].map(([id, limit]) => [id, standing(limit, entries[id] ?? NO_ENTRY, before[id] ?? NO_ENTRY)]));
}

function standing(limit, typed, last) {
  const doneError = limit.refusalOfDone(typed.done);
  const done = !doneError ? typed.done : limit.refusalOfDone(last.done) ? 0 : last.done;
  const error = limit.refusal(typed.value, typed.unit, done);
  const kept = !error ? typed : limit.refusal(last.value, last.unit, done) ? NO_ENTRY : last;
  const { value } = kept;
  const unit = value === null ? "ktco2e" : kept.unit;
  const kt = value === null ? Math.max(limit.target, done) : unit === "quantity" ? limit.ktOf(value) : value;
  const quantity = unit === "quantity" ? value : limit.quantityOf(kt);
  return { ...gap(kt, limit.target, done), quantity, error, doneError, entry: { ...typed, value, unit, done } };
}

/** What is missing beside a target, what exceeds it, what is left to do; unknown stays unknown. */
function gap(kt, target, done) {
  const changed = !(Number.isNaN(kt) && Number.isNaN(target)) && !same(kt, target);
  const [deficit, surplus, remaining] = [target - kt, kt - target, kt - done].map((value) => Math.max(value, 0));
  return { kt, target, done, changed, deficit, surplus, remaining };
}

function sums(levers) {
  const total = (name) => levers.map((one) => one[name]).filter((value) => !Number.isNaN(value))
    .reduce((sum, value) => (Number.isNaN(sum) ? value : sum + value), NaN);
  const count = (test) => levers.filter(test).length;
  const [deficit, surplus] = [total("deficit"), total("surplus")];
  return {
    reference: total("target"), proposed: total("kt"), done: total("done"), remaining: total("remaining"), deficit, surplus,
    missing: count((one) => Number.isNaN(one.deficit)),
    below: count((one) => one.changed && one.deficit > 0),
    above: count((one) => one.changed && one.surplus > 0),
    net: deficit - surplus,
  };
}

const STATUSES = { unknown: "missing", above: "met", uncompensated: "missing" };

/** « met », « compensated » or « missing », and the sentence. */
function verdict(whole, sentences, convention, noun) {
  const balanced = !(whole.net > 0) || same(whole.deficit, whole.surplus);
  const name = Number.isNaN(whole.net) ? "unknown" : !whole.below ? (whole.above ? "above" : "met")
    : !whole.above ? "missing" : balanced ? "compensated" : "uncompensated";
  const figures = { deficit: formatNumber(whole.deficit), surplus: formatNumber(whole.surplus), net: formatNumber(whole.net) };
  const counts = { less: plural(whole.below, noun), more: plural(whole.above, noun) };
  const unvalued = whole.missing && name !== "unknown" ? fill(sentences.without_value, { count: plural(whole.missing, noun) }) : "";
  return { status: STATUSES[name] ?? name, sentence: fill(sentences[name], { ...figures, ...counts, convention, noun }) + unvalued };
}

function totalsOf(page, settled) {
  const without = [...settled].filter(([id]) => id !== page.forest_lever).map(([, one]) => one);
  return { with_forest: plain(sums([...settled.values()])), without_forest: plain(sums(without)) };
}

/** What a chain of levers avoids: one by one (`first`), together (`joint`), and what the sum counts more than once. */
function readChain({ base, steps }, kt) {
  const all = unknown(base);
  let [left, first, joint, beyond] = [all, 0, 0, null];
  for (const names of steps) {
    const asked = names.reduce((sum, id) => sum + kt(id), 0);
    if (asked > all) beyond ??= names;
    const taken = all === 0 ? 0 : left * Math.min(asked / all, 1);
    for (const id of names) {
      first += kt(id);
      joint += asked === 0 ? taken : (taken * kt(id)) / asked;
    }
    left -= taken;
  }
  return { first, joint, beyond, overlap: same(first, joint) ? 0 : first - joint };
}

/** What the proposals count more than once, beyond what the references do; unknown groups apart. */
function twiceOf(page, settled) {
  const more = page.chains.map((chain) => readChain(chain, (id) => settled.get(id).kt).overlap
    - readChain(chain, (id) => settled.get(id).target).overlap);
  return Math.max(more.filter((value) => !Number.isNaN(value)).reduce((sum, value) => sum + value, 0), 0);
}

/** What is missing once what is counted twice is taken away; a sentence when a surplus only hid it. */
function jointly({ net, deficit, surplus }, twice, sentences) {
  const lack = net + twice;
  const hidden = twice > 0 && lack > 0 && !same(deficit, surplus - twice);
  const spoilt = hidden && (net <= 0 || same(deficit, surplus)) && lack >= 0.05;
  return { twice, lack: known(lack), overlap: spoilt ? fill(sentences.twice, { twice: formatNumber(twice), lack: formatNumber(lack) }) : "" };
}

/** The groups of levers that overlap, in sentences. */
function overlapsOf(page, settled) {
  const label = (id) => page.levers.find((lever) => lever.id === id).label;
  return page.chains.map((chain) => ({ chain, ...readChain(chain, (id) => settled.get(id).kt) }))
    .filter(({ overlap }) => overlap > 0)
    .map(({ chain, first, joint, overlap, beyond }) => {
      const share = first ? (100 * overlap) / first : overlap;
      const parts = { group: chain.label, first: whole(first), joint: whole(joint), overlap: whole(overlap), share: `${formatNumber(share)}${NARROW}%` };
      const reason = beyond ? ` ${capital(fill(page.sentences.overlap_beyond, { levers: beyond.map(label).join(" et ") }))}.` : "";
      return { group: chain.id, joint, overlap, sentence: fill(page.sentences.overlap, parts) + reason };
    });
}

/** The gauge and its sectors, in the chosen convention and against the chosen plan. */
function gaugeOf(page, settled, { forest: counted, reference }) {
  const { sentences } = page;
  const plan = page.plans.find((one) => one.id === reference);
  const forest = counted && !plan; // a plan is known by sector, and without forest
  const levers = page.levers.filter((lever) => forest || lever.id !== page.forest_lever);
  const inside = (sector) => levers.filter((lever) => !sector || lever.sector === sector.id).map((lever) => settled.get(lever.id));
  const sectors = page.sectors.filter((sector) => inside(sector).length);
  const sgpe = sectors.map((sector) => sums(inside(sector)));
  let [rows, whole] = [sgpe, sums(inside())];
  if (plan) {
    const found = sgpe.map((one, i) => gap(one.proposed, unknown(plan.totals[sectors[i].id]), one.done));
    rows = found.map((one) => sums([one]));
    whole = { ...sums(found.filter((one) => !Number.isNaN(one.deficit))), missing: rows.filter((one) => one.missing).length };
  }
  const convention = plan ? plan.convention : sentences[forest ? "with_forest" : "without_forest"];
  const { status, sentence } = verdict(whole, sentences, convention, plan ? "secteur" : "levier");
  return {
    status, sentence, total: plain(whole),
    announce: fill(sentences.announce, { proposed: formatNumber(whole.proposed, 0), convention, sentence }),
    ...jointly(whole, plan ? 0 : twiceOf(page, settled), sentences),
    by_sector: rows.map((one, i) => ({ id: sectors[i].id, label: sectors[i].label, sgpe: known(sgpe[i].reference), ...plain(one) })),
  };
}

/** A lever as copkit/simulator/view.py shows it. */
function shown({ sentences }, one) {
  const { why, source } = one.entry;
  const figures = { kt: one.kt, quantity: one.quantity, done_kt: one.done, remaining_kt: one.remaining,
    deficit: one.deficit, surplus: one.surplus };
  return {
    ...plain(figures), changed: one.changed, justified: Boolean(why.trim() && source.trim()), error: capital(one.error),
    done_error: one.doneError && fill(sentences.done, { refusal: one.doneError }),
  };
}

const LIMITS = new WeakMap(); // page → its limits, made once

/** What follows from a state: levers, totals, gauge, and the entries accepted, the next `before`. */
function follow(page, state, before = {}) {
  if (!LIMITS.has(page)) LIMITS.set(page, limitsOf(page));
  const settled = settle(LIMITS.get(page), state.levers, before);
  const each = (list, make) => Object.fromEntries(list.map(([id, one]) => [id, make(one)]));
  const said = ([, { entry }]) => entry.value !== null || entry.done || entry.why || entry.source;
  return {
    levers: each([...settled], (one) => shown(page, one)), totals: totalsOf(page, settled),
    gauge: gaugeOf(page, settled, state), overlaps: overlapsOf(page, settled), accepted: each([...settled].filter(said), (one) => one.entry),
  };
}
