// A whole state in an address, to the last bit: the mirror of copkit/simulator/links.py and official_links.py.

const LONGEST_LINK = 8000;
const LINK_UNITS = { k: "ktco2e", q: "quantity" };
const FLAGS = { vue: "vision", etape: "step", levier: "focus", ref: "reference", nom: "name" };
const OPENING = { reference: "sgpe", levers: {}, name: "", kept: [], filter: { enjeu: "", thematique: "" }, vision: "thematiques",
  remaining: false, forest: false, step: 1, focus: "" };

const quoted = (value) => encodeURIComponent(value).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  .replaceAll("%3A", ":").replaceAll("%2C", ",");
const pairText = ([key, value]) => `${key}=${quoted(value)}`;

function entryTexts(levers) {
  return Object.entries(levers).filter(([, one]) => one.value !== null || one.done).map(([id, one]) => {
    const value = one.value === null ? ":" : `${one.unit[0]}:${one.value}`;
    return `${id}:${value}${one.done ? `:${one.done}` : ""}`;
  });
}

/** The link of an accepted state, and what had to be left out of it to keep it short. */
function toLink(page, state) {
  const pairs = [["territoire", page.territory.code], ["v", page.version]];
  for (const [key, name] of Object.entries(FLAGS)) if (state[name] !== OPENING[name]) pairs.push([key, String(state[name])]);
  for (const [key, on] of [["reste", state.remaining], ["foret", state.forest]]) if (on) pairs.push([key, "1"]);
  for (const key of ["enjeu", "thematique"]) if (state.filter[key]) pairs.push([key, state.filter[key]]);
  pairs.push(...entryTexts(state.levers).map((text) => ["l", text]));
  let link = `?${pairs.map(pairText).join("&")}`;
  const left = [];
  const texts = Object.entries(state.levers).flatMap(([id, one]) => [["p", one.why], ["s", one.source]].filter(([, text]) => text).map(([key, text]) => [key, `${id}:${text}`]));
  const kept = state.kept.map((one) => ["g", [one.name.replaceAll("~", " "), ...entryTexts(one.levers)].join("~")]);
  for (const [what, more] of [["les justifications", texts], ["les scénarios gardés", kept]]) {
    const longer = link + more.map((pair) => `&${pairText(pair)}`).join("");
    if (longer.length <= LONGEST_LINK) link = longer;
    else left.push(fill(page.sentences.link_long, { what }));
  }
  if (state.kept.some((one) => Object.values(one.levers).some((entry) => entry.why || entry.source))) left.push(page.sentences.link_kept);
  return { link, left };
}

/** What a page opens on without a link: the references, and what is already done as far as it was observed. */
function openingOf(page) {
  const levers = Object.fromEntries(page.levers.filter((lever) => lever.done?.kt).map((lever) => [lever.id, { ...NO_ENTRY, done: lever.done.kt }]));
  return { ...structuredClone(OPENING), territory: page.territory.code, version: page.version, levers };
}

function readEntry(page, text, levers, notes) {
  const [id, unit = "", value = "", done = "", ...more] = text.split(":");
  const numbers = [value, done].map((one) => (one === "" ? 0 : Number(one)));
  const wrong = (unit && (!LINK_UNITS[unit] || !value)) || (!unit && value) || more.length || !numbers.every((one) => Number.isFinite(one) && Math.abs(one) <= LARGEST);
  if (wrong) { notes.push(fill(page.sentences.link_unreadable, { part: text.slice(0, 60) })); return; }
  if (!page.levers.some((lever) => lever.id === id)) { notes.push(fill(page.sentences.link_unknown, { lever: id.slice(0, 40) })); return; }
  levers[id] = { ...NO_ENTRY, ...levers[id], ...(unit ? { value: numbers[0], unit: LINK_UNITS[unit] } : {}), ...(done ? { done: numbers[1] } : {}) };
}

/** The whole kt of an official link: what is added stands beyond what is done. */
function officialEntries(page, pairs, notes) {
  const levers = {};
  const ids = new Map(page.levers.map((lever) => [lever.official_id, lever.id]));
  const read = (prefix) => new Map(pairs.filter(([key]) => key.startsWith(prefix)).flatMap(([key, text]) => {
    const [id, value] = [ids.get(key.slice(prefix.length)), Number(text)];
    if (id && Number.isFinite(value) && Math.abs(value) <= LARGEST) return [[id, Math.max(Math.floor(value + 0.5), 0)]];
    notes.push(fill(page.sentences[id ? "link_unreadable" : "link_unknown"], { part: `${key}=${text}`.slice(0, 60), lever: key.slice(0, 40) }));
    return [];
  }));
  const [done, added] = [read("c-"), read("t-")];
  for (const [id, value] of done) if (value) levers[id] = { ...NO_ENTRY, done: value };
  for (const [id, value] of added) levers[id] = { ...NO_ENTRY, value: (done.get(id) ?? 0) + value, done: done.get(id) ?? 0 };
  notes.push(fill(page.sentences.link_official, { version: page.version }));
  return levers;
}

/** The state of an address, and what is to be said of it; null when it says nothing but a territory. */
function fromLink(page, text) {
  const query = text.includes("?") ? text.slice(text.indexOf("?") + 1) : text.replace(/^#/, "");
  const pairs = [...new URLSearchParams(query.split("#")[0].slice(0, LONGEST_LINK))].slice(0, 300);
  if (!pairs.some(([key]) => key !== "territoire")) return null;
  const single = Object.fromEntries(pairs);
  const notes = [];
  const state = { ...structuredClone(OPENING), territory: page.territory.code, version: page.version };
  if (single.territoire && single.territoire !== page.territory.code) return { state: openingOf(page), notes: [fill(page.sentences.link_territory, { given: single.territoire.slice(0, 40) })] };
  if (pairs.some(([key]) => /^[ct]-/.test(key))) state.levers = officialEntries(page, pairs, notes);
  else {
    for (const [key, value] of pairs) if (key === "l") readEntry(page, value, state.levers, notes);
    for (const [key, value] of pairs) {
      const [id, said] = [value.slice(0, value.indexOf(":")), value.slice(value.indexOf(":") + 1, value.indexOf(":") + 1001)];
      if ((key === "p" || key === "s") && page.levers.some((lever) => lever.id === id)) {
        state.levers[id] = { ...NO_ENTRY, ...state.levers[id], [key === "p" ? "why" : "source"]: said };
      }
      if (key === "g" && state.kept.length < 6) {
        const [name, ...entries] = value.split("~");
        const levers = {};
        for (const one of entries) readEntry(page, one, levers, notes);
        state.kept.push({ name: name.slice(0, 80), levers });
      }
    }
    const ids = (list) => list.map((one) => one.id);
    const flag = (key, known, put) => {
      if (single[key] === undefined) return;
      if (known.includes(single[key])) put(single[key]);
      else notes.push(fill(page.sentences.link_flag, { part: `${key}=${single[key]}`.slice(0, 60) }));
    };
    flag("vue", ["thematiques", "secteurs"], (given) => { state.vision = given; });
    flag("etape", ["1", "2", "3", "4", "5"], (given) => { state.step = Number(given); });
    flag("levier", ids(page.levers), (given) => { state.focus = given; });
    flag("ref", ids(page.plans), (given) => { state.reference = given; });
    state.name = (single.nom ?? "").slice(0, 80);
    state.remaining = single.reste === "1";
    state.forest = single.foret === "1";
    flag("enjeu", ids(page.enjeux), (given) => { state.filter.enjeu = given; });
    flag("thematique", ids(page.thematiques), (given) => { state.filter.thematique = given; });
    if (single.v && single.v !== page.version && !page.moved[single.v]) notes.push(fill(page.sentences.link_version, { given: single.v.slice(0, 40), version: page.version }));
  }
  return { state, notes: [...notes, ...refusals(page, state)], since: single.v };
}

/** Takes away what the levers of the territory refuse, and says it. */
function refusals(page, state) {
  const notes = [];
  for (const [id, one] of settle(limitsOf(page), state.levers)) {
    const entry = state.levers[id];
    if (!entry || !(one.error || one.doneError)) continue;
    const { label } = page.levers.find((lever) => lever.id === id);
    if (one.error) notes.push(`${label}\u00a0: ${one.error}`);
    if (one.doneError) notes.push(`${label}\u00a0: ${fill(page.sentences.done, { refusal: one.doneError })}`);
    state.levers[id] = one.entry;
  }
  return notes;
}

/** The official link of a state, in whole kt; empty where the official simulator has no page. */
function toOfficial(page, state) {
  if (!page.official) return "";
  const round = (value) => Math.floor(value + 0.5);
  const pairs = [];
  for (const [id, one] of settle(limitsOf(page), state.levers)) {
    const lever = page.levers.find((found) => found.id === id);
    const [done, added] = [round(one.done), Number.isFinite(one.kt) && !lever.closed ? round(one.kt - one.done) : null];
    if (done) pairs.push([`c-${lever.official_id}`, done]);
    if (added !== null && added !== round(Math.max(one.target - one.done, 0))) pairs.push([`t-${lever.official_id}`, Math.max(added, 0)]);
  }
  return page.official + (pairs.length ? `?${pairs.map(([key, value]) => `${quoted(key)}=${value}`).join("&")}` : "");
}
