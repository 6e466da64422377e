// What other levers do when some do less than their reference: the mirror of copkit/models/compensation.py.

const DOUBTFUL = 200; // as in Python [%]

const sum = (values) => values.reduce((total, value) => total + value, 0);
const joined = (texts) => (texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} et ${texts.at(-1)}`);

/** The least level such that each takes at most level × weight and its own room, and all together the gap. */
function evenly(gap, room, weight) {
  const upper = room.map((value, i) => (weight[i] > 0 ? value : 0));
  if (gap <= 0 || sum(upper) <= gap) return upper.map((value) => Math.min(value, Math.max(gap, 0)));
  const order = upper.map((_, i) => i).filter((i) => weight[i] > 0).sort((a, b) => upper[a] / weight[a] - upper[b] / weight[b]);
  let [left, share] = [gap, sum(order.map((i) => weight[i]))];
  for (const i of order) {
    if ((upper[i] / weight[i]) * share > left) break;
    left -= upper[i];
    share -= weight[i];
  }
  return upper.map((value, i) => Math.min(value, (left / share) * weight[i]));
}

/** The least total cost; levers of the same cost share by their targets, those without a target evenly and last. */
function cheaply(gap, room, target, cost) {
  if (gap <= 0 || sum(room) <= gap) return room.map((value) => Math.min(value, Math.max(gap, 0)));
  const out = room.map(() => 0);
  let left = gap;
  for (const price of [...new Set(cost)].sort((a, b) => a - b)) {
    const tied = cost.map((value, i) => i).filter((i) => cost[i] === price);
    const take = (list, weight) => {
      evenly(Math.max(left, 0), list.map((i) => room[i]), list.map(weight)).forEach((value, n) => { out[list[n]] += value; });
      left = gap - sum(out);
    };
    take(tied, (i) => target[i]);
    take(tied.filter((i) => !(target[i] > 0)), () => 1);
    if (!(left > 1e-12 * gap)) break;
  }
  return out;
}

function spread(gap, room, target, policy, cost) {
  if (policy === "effort_egal") return evenly(gap, room, room.map(() => 1));
  return policy === "prorata" ? evenly(gap, room, target) : cheaply(gap, room, target, cost);
}

/** What the chosen levers have to do, net of what would be counted twice; `levers`: the entries to accept or not. */
function compensate(page, state, { using, policy, costs = {} }) {
  const limits = limitsOf(page);
  const settled = settle(limits, state.levers);
  const said = (name, parts) => fill(page.sentences[`compensate_${name}`], parts);
  const chosen = [...using].sort();
  const [target, before, most] = ["target", "kt", "kt_max"].map((name) => chosen.map((id) => (name === "kt" ? settled : limits).get(id)[name]));
  const total = sums([...settled].filter(([id]) => id !== page.forest_lever).map(([, one]) => one));
  const gap = Math.max(0, unknown(total.net) || 0);
  const room = most.map((value, i) => Math.max(value - before[i], 0));
  const kts = new Map([...settled].map(([id, one]) => [id, one.kt]));
  const chains = page.chains.filter((chain) => chain.base !== null);
  const overlap = (kt) => sum(chains.map((chain) => readChain(chain, (id) => kt.get(id)).overlap).filter((value) => !Number.isNaN(value)));
  const start = overlap(kts);
  const twiceBy = (more) => overlap(new Map([...kts, ...chosen.map((id, i) => [id, before[i] + more[i]])])) - start;
  const cost = chosen.map((id) => costs[id]);
  let [asked, more] = [gap, []];
  for (let turn = 0; turn < 200; turn += 1) {
    more = spread(asked, room, target, policy, cost);
    const wanted = gap + Math.max(twiceBy(more), 0);
    if (Math.abs(wanted - asked) <= 1e-12 * Math.max(wanted, asked) || sum(more) >= sum(room)) break;
    asked = wanted;
  }
  const twice = twiceBy(more);
  const missing = gap - (sum(more) - twice) > 1e-9 * gap ? gap - (sum(more) - twice) : 0;
  const after = more.map((value, i) => (value <= 0 ? before[i] : value >= most[i] - before[i] ? most[i] : before[i] + value));
  const asks = chosen.map((id, i) => {
    const [limit, lever] = [limits.get(id), page.levers.find((one) => one.id === id)];
    const quantity = limit.quantityOf(after[i]);
    return { lever: id, label: lever.label, unit: limit.unit, kt_before: before[i], kt_more: more[i], kt_after: after[i],
      quantity_before: known(settled.get(id).quantity), quantity_after: known(quantity), target: target[i],
      share: target[i] > 0 ? (100 * after[i]) / target[i] : null, binding: after[i] >= most[i],
      margin: known(Math.max(most[i] - after[i], 0)), limit: limit.why };
  });
  const bound = (row) => {
    const limit = limits.get(row.lever);
    return said(limit.empty ? "bound_empty" : "bound", { label: row.label, both: limit.empty ? "" : limit.both(limit.kt_max), why: limit.why });
  };
  const bindings = asks.filter((row) => row.binding).map(bound);
  if (policy === "prorata") bindings.push(...asks.filter((row) => row.target <= 0 && !row.binding).map((row) => said("idle", row)));
  const used = asks.filter((row) => row.kt_more > 0);
  const percent = (value) => `${whole(value)}${NARROW}%`;
  const doubtful = [...used.filter((row) => row.share > DOUBTFUL).map((row) => said("doubtful", { label: row.label, share: percent(row.share) })),
    ...used.filter((row) => row.binding).map(bound)];
  const told = used.map((row) => said("ask", { label: row.label, more: formatSigned(row.kt_more) })
    + (row.quantity_after === null ? "" : said("ask_quantity", { quantity: formatQuantity(row.quantity_after), unit: row.unit })));
  const shared = told.length ? said("shared", { told: joined(told), policy: page.sentences[`compensate_policy_${policy}`] }) : said("no_room");
  const parts = { gap: formatNumber(gap), missing: formatNumber(missing), shared };
  const lines = [gap <= 0 ? said("nothing") : missing === 0 ? said("covered", parts) : [said("short", parts), ...bindings].join(" ")];
  if (twice > 1e-9 * gap && gap > 0) lines.push(said("twice", { twice: formatNumber(twice) }));
  const absent = [...settled.values()].filter((one) => Number.isNaN(one.kt)).length;
  if (absent) lines.push(said("without", { count: plural(absent, "levier") }));
  const why = said("why", { gap: formatNumber(gap), policy: page.sentences[`compensate_policy_${policy}`] });
  const levers = { ...state.levers };
  for (const row of used) {
    const entry = { ...NO_ENTRY, ...levers[row.lever] };
    levers[row.lever] = { ...entry, value: row.kt_after, unit: "ktco2e", why: entry.why || entry.source ? entry.why : why };
  }
  return { sentence: lines.join(" "), feasible: missing === 0, doubtful, asks, levers, gap, twice, missing };
}
