// The page of a live session: a participant's, or the host's. After numbers.js, scenario.js and elements.js.

const KT = "ktCO₂e/an";
const BASE = new URL(".", location.href).href;
const NAME = decodeURIComponent(location.pathname.split("/").pop());
const IS_HOST = document.body.dataset.kind === "animation";
const STORE = IS_HOST ? sessionStorage : localStorage;
const KEPT_KEY = `copkit-seance-${NAME.toUpperCase()}`;
const WAITING = `${KEPT_KEY}-attente`; // proposals that could not be sent yet
const LOST = "La connexion est perdue. Nouvel essai dans un instant\u202f; rien n’est perdu.";
const PATIENCE = 20_000; // ms without an answer: the network is lost
let key = "";
let ground = null;
let LIMIT = null;

/** What the server says; an Error with its French message when it refuses (`refused`), or when it does not answer. */
async function ask(path, { method = "GET", body = null, as = "json" } = {}) {
  const headers = { Accept: as === "json" ? "application/json" : "*/*", "X-Copkit-Key": key };
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(`${BASE}api/${path}`, { method, headers, body: body && JSON.stringify(body), cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new Error(LOST);
  }
  if (answer.status === 204) return null;
  if (answer.ok) return as === "json" ? answer.json() : answer.blob();
  const said = await answer.json().catch(() => ({ message: LOST }));
  throw Object.assign(new Error(said.message), { refused: answer.status < 500, status: answer.status });
}

/** Calls `look` again and again, one call at a time; `soon()` has it look at once. */
function watch(look) {
  let timer = 0;
  let busy = false;
  let again = false;
  const run = async () => {
    clearTimeout(timer);
    if (busy) { again = true; return; }
    busy = true;
    await look();
    busy = false;
    if (again) { again = false; run(); return; }
    timer = setTimeout(run, ground.every * (0.75 + Math.random() / 2)); // not all at the same moment
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) run(); });
  run();
  return run;
}

const lever = (id) => ground.levers.find((one) => one.id === id);
const withUnit = (one, quantity) => `${formatQuantity(quantity)} ${one.unit}`;
const both = (one, kt) => `${formatNumber(kt)} ${KT}${one.translated ? `, soit ${withUnit(one, LIMIT.get(one.id).quantityOf(kt))}` : ""}`;
const svg = (tag, properties, ...children) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};

// ---- The spread of a lever

/** How far the strips go, in references: the same for all, so that the references stand one under the other. */
function reach(results) {
  const ratios = results.flatMap(({ lever: id, values }) => (lever(id).target > 0 ? values.map((kt) => kt / lever(id).target) : []));
  return Math.min(3, Math.max(1.5, ...ratios) * 1.05);
}

function strip({ lever: id, values, low, median, high }, top, mine = null) {
  const { target } = lever(id);
  const end = target > 0 ? target * top : Math.max(...values, 1e-9) * 1.1;
  const at = (kt) => `${Math.min(100, (100 * kt) / end)}%`;
  const upright = (kt, name, y1, y2) => svg("line", { x1: at(kt), x2: at(kt), y1, y2, class: name });
  const piles = new Map(); // what falls at the same place is piled up
  for (const kt of values.filter((one) => one <= end)) {
    const place = Math.round((100 * kt) / end);
    piles.set(place, [...(piles.get(place) ?? []), kt]);
  }
  const apart = Math.min(9, 36 / Math.max(1, ...[...piles.values()].map((pile) => pile.length)));
  const dots = [...piles.values()].flatMap((pile) => pile.map((_, i) => svg("circle", { cx: at(pile[0]), cy: 69 - apart * i, r: 4, class: "one" })));
  const beyond = values.filter((kt) => kt > end).length;
  const parts = [
    svg("line", { x1: 0, x2: "100%", y1: 75, y2: 75, class: "axis" }),
    svg("rect", { x: at(low), width: `${Math.max(0, Math.min(100, (100 * high) / end) - Math.min(100, (100 * low) / end))}%`, y: 5, height: 18, class: "box" }),
    ...dots, upright(median, "median", 1, 27),
  ];
  if (target > 0) parts.push(upright(target, "reference", 0, 79));
  if (mine !== null) parts.push(svg("circle", { cx: at(mine), cy: 69, r: 7, class: "mine" }));
  if (beyond) parts.push(svg("text", { x: "100%", y: 66, "text-anchor": "end" }, `+${beyond}\u00a0▸`));
  return svg("svg", { class: "strip", "aria-hidden": "true" }, ...parts);
}

function legend(mine) {
  const sign = (...parts) => svg("svg", { class: "strip", "aria-hidden": "true", viewBox: "0 0 34 24" }, ...parts);
  const item = (text, ...parts) => h("span", {}, sign(...parts), text);
  return h("p", { class: "legend" },
    item("une proposition", svg("circle", { cx: 17, cy: 12, r: 4, class: "one" })),
    item("la moitié du milieu (entre les quartiles)", svg("rect", { x: 3, y: 3, width: 28, height: 18, class: "box" })),
    item("la médiane", svg("line", { x1: 17, x2: 17, y1: 0, y2: 24, class: "median" })),
    item("la référence", svg("line", { x1: 17, x2: 17, y1: 0, y2: 24, class: "reference" })),
    mine ? item("ma proposition", svg("circle", { cx: 17, cy: 12, r: 7, class: "mine" })) : "");
}

/** What a strip shows, in words; with no more digits than opinions are worth. */
function figures(one, own) {
  const found = lever(one.lever);
  const physical = one.quantity === null ? null : `soit ${withUnit(found, one.quantity)}`;
  const half = one.values.length === 1 ? "un seul avis" : one.disagreement > 0 ? `quartiles ${formatQuantity(one.low)} et ${formatQuantity(one.high)}` : "les quartiles se confondent";
  const reference = `référence ${found.target === null ? UNKNOWN : formatQuantity(found.target)}`;
  return h("div", { class: "figures" },
    h("p", {}, h("strong", {}, `Médiane ${formatQuantity(one.median)} ${KT}`), physical && `, ${physical}`),
    h("p", {}, capital(reference), `\u00a0; ${half}`),
    h("p", {}, `${one.below} sous la référence, ${plural(one.at, "égale")}, ${one.above} au-dessus`),
    own ? h("p", {}, `Ma proposition\u00a0: ${formatQuantity(ktOf(one.lever, own))} ${KT}`) : null);
}

const opinions = (one) => plural(one.values.length, "proposition");

function results(list, own = {}, mine = false) {
  const top = reach(list);
  const at = (id) => (own[id] ? ktOf(id, own[id]) : null);
  const rows = list.map((one) => h("li", {},
    h("div", {}, h("h3", {}, lever(one.lever).label), h("span", { class: "note" }, opinions(one))),
    strip(one, top, at(one.lever)),
    figures(one, own[one.lever])));
  return [legend(mine), h("ol", { class: "results" }, ...rows)];
}

const ktOf = (id, { value, unit }) => (unit === "quantity" ? LIMIT.get(id).ktOf(value) : value);

/** The total of a scenario beside the reference and what it lacks. */
function sums(totals, name) {
  const main = totals["hors forêt"];
  const other = totals["avec forêt"];
  const figure = (label, value, kind = "") => h("div", { class: kind }, h("dt", {}, label), h("dd", {}, formatSum(value), h("small", {}, ` ${KT}`)));
  const lacks = main.net > 0 && formatSum(main.net) !== "0";
  return [
    h("dl", { class: "sums" },
      figure("Référence, hors forêt", main.reference), figure(`${name}, hors forêt`, main.proposed),
      figure(lacks ? "Manque net" : "En plus de la référence", Math.abs(main.net), lacks ? "lack" : "")),
    h("p", {}, main.sentence),
    other.reference === main.reference ? null
      : h("p", { class: "note" }, `Avec forêt\u00a0: ${formatSum(other.proposed)} sur ${formatSum(other.reference)} ${KT}.`),
  ].filter(Boolean);
}

function keptSection(kept) {
  const list = Object.entries(kept.levers).map(([id, kt]) => h("li", {}, `${lever(id).label}\u00a0: ${both(lever(id), kt)}${kept.medians.includes(id) ? " (médiane)" : ""}`));
  return h("section", { "aria-labelledby": "retenu" },
    h("h2", { id: "retenu" }, "Scénario retenu"),
    h("p", {}, `Tour ${kept.round}, le ${kept.at}. ${kept.reason ? `Motif\u00a0: ${kept.reason}` : "Aucun motif écrit\u00a0: chaque écart reste à justifier."}`),
    ...sums(kept.totals, "Scénario retenu"),
    details(`Ce qui est retenu, sur ${plural(list.length, "levier")}`, h("ul", {}, ...list), h("p", { class: "note" }, "Les autres leviers gardent leur référence.")));
}

const stateChip = (number, open) => h("span", { class: open ? "state" : "state closed" }, `Tour ${number} · ${open ? "ouvert" : "clos"}`);

// ---- The participant

const roundStep = (size) => {
  const power = 10 ** Math.floor(Math.log10(size));
  return [1, 2, 5, 10].find((one) => one * power >= size) * power;
};

/** The slider of a lever, in the unit that people know: ends, step, a hundred stops or so. */
function slider(one) {
  const limit = LIMIT.get(one.id);
  const unit = one.translated ? "quantity" : "ktco2e";
  const target = one.target > 0 ? one.target : 1;
  const top = Math.min(limit.kt_max, 2 * target);
  const ends = unit === "quantity" ? [limit.quantityOf(0), limit.quantityOf(top)] : [0, top];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const step = roundStep((high - low) / 100 || 1);
  return { unit, step, min: Math.ceil(low / step - 1e-9) * step, max: Math.floor(high / step + 1e-9) * step };
}

/** A multiple of a step without the dust of binary numbers. */
const clean = (value) => Number(value.toPrecision(12));

class Editor {
  constructor(one, own, send, close) {
    const limit = LIMIT.get(one.id);
    Object.assign(this, { one, limit, entry: own ? { value: own.value, unit: own.unit } : { value: one.target, unit: "ktco2e" } });
    const title = h("h2", { tabindex: "-1", id: "levier" }, one.label);
    this.error = h("p", { class: "error", role: "alert", id: "refus" });
    const input = (unit, label) => {
      const box = h("input", { inputmode: "decimal", autocomplete: "off", id: `valeur-${unit}`, "aria-describedby": "refus bornes" });
      box.addEventListener("input", () => this.type(parseNumber(box.value), unit, box));
      return [box, h("div", {}, h("label", { for: box.id }, label), box)];
    };
    const name = one.quantity_label && one.quantity_label !== one.unit ? `${capital(one.quantity_label)} (${one.unit})` : one.unit;
    const boxes = one.translated ? [["quantity", input("quantity", name)]] : [];
    boxes.push(["ktco2e", input("ktco2e", `Émissions évitées (${KT})`)]);
    this.boxes = Object.fromEntries(boxes.map(([unit, [box]]) => [unit, box]));
    this.scale = slider(one);
    this.slider = h("input", { type: "range", min: this.scale.min, max: this.scale.max, step: this.scale.step, "aria-label": `${one.label}, en 2030` });
    this.slider.addEventListener("input", () => this.type(clean(Number(this.slider.value)), this.scale.unit, this.slider));
    this.gap = h("p", { class: "note", role: "status" });
    this.send = button("Envoyer ma proposition", () => send(one.id, this.entry), "main");
    this.element = h("section", { class: "editor", "aria-labelledby": "levier", style: { "--colour": one.colour } },
      title, h("p", {}, `Référence\u00a0: ${both(one, one.target)}${one.start !== null && one.translated ? `\u00a0; en 2019\u00a0: ${withUnit(one, one.start)}` : ""}`),
      h("div", { class: "fields" }, ...boxes.map(([, [, field]]) => field)), this.slider, this.gap, this.error,
      h("p", { class: "note", id: "bornes" }, one.range ? `Possible\u00a0: ${one.range}.` : "Objectif entier de 2030, ce qui est déjà fait compris."),
      h("div", { class: "actions" }, this.send,
        own && button("Retirer ma proposition", () => send(one.id, { value: null, unit: "ktco2e" })),
        button("Choisir un autre levier", close)));
    this.title = title;
    this.show(null);
  }

  type(value, unit, from) {
    this.entry = { value, unit };
    this.show(from);
  }

  show(from) {
    const { one, limit, entry: { value, unit } } = this;
    const wrong = value === null ? NOT_A_NUMBER : Number.isNaN(value) ? NOT_A_NUMBER : limit.refusal(value, unit, 0);
    for (const box of Object.values(this.boxes)) setAttribute(box, "aria-invalid", wrong && box === from ? "true" : null);
    this.refuse(wrong && wrong !== NOT_A_NUMBER ? capital(wrong) : wrong);
    this.send.disabled = Boolean(wrong);
    if (wrong) { setText(this.gap, ""); return; }
    const kt = ktOf(one.id, this.entry);
    const quantity = unit === "quantity" ? value : limit.quantityOf(kt);
    const fill = (name, text) => { const box = this.boxes[name]; if (box && box !== from) box.value = text; };
    fill("ktco2e", unit === "ktco2e" && from ? formatExact(value) : formatNumber(kt));
    fill("quantity", unit === "quantity" ? formatExact(value) : formatQuantity(quantity));
    if (from !== this.slider) this.slider.value = this.scale.unit === "quantity" ? quantity : kt;
    const said = this.scale.unit === "quantity" ? withUnit(one, quantity) : `${formatNumber(kt)} ${KT}`;
    setAttribute(this.slider, "aria-valuetext", said);
    const more = kt - one.target;
    setText(this.gap, one.target === null ? "" : same(kt, one.target) ? "À la référence." : `${formatSigned(more)} ${KT} par rapport à la référence.`);
  }

  refuse(text) { setText(this.error, text); }
}

function participant() {
  const main = document.getElementById("page");
  let state = null;
  let editor = null;
  let fresh = "";
  let search = "";
  let thematique = "";
  const status = h("p", { role: "status", class: "note" });
  const trouble = h("p", { class: "warning", hidden: true });
  const head = h("div", {});
  const body = h("div", {});
  const waiting = () => JSON.parse(STORE.getItem(WAITING) ?? "{}");
  const say = (text) => { setText(status, text); };

  function enterForm() {
    const roles = select([["", [["", "Je ne le dis pas"], ...ground.roles.map((one) => [one.id, one.label])]]], "", () => {});
    const refused = h("p", { class: "error", role: "alert" });
    const enter = async () => {
      try {
        ({ key } = await ask(`${NAME}/entree`, { method: "POST", body: { role: roles.value } }));
        STORE.setItem(KEPT_KEY, key);
        begin();
      } catch (error) { setText(refused, error.message); }
    };
    main.replaceChildren(h("h1", {}, `Séance ${ground.of}`),
      h("p", {}, "Pour chaque levier de votre choix, proposez ce que le territoire devrait atteindre en 2030. L’écran montre comment les avis se répartissent."),
      h("p", {}, "Aucun nom n’est demandé. Personne ne voit qui propose quoi."),
      field("Votre rôle (facultatif)", roles), refused, h("div", { class: "actions" }, button("Entrer dans la séance", enter, "main")));
  }

  async function send(id, entry) {
    STORE.setItem(WAITING, JSON.stringify({ ...waiting(), [id]: entry }));
    await flush();
  }

  /** Sends what is waiting, one lever after the other; what the server refuses is said and no longer waits. */
  async function flush() {
    for (const [id, entry] of Object.entries(waiting())) {
      try {
        const found = await ask(`${NAME}/proposition`, { method: "PUT", body: { lever: id, ...entry } });
        forget(id);
        state.own = found.own;
        search = "";
        say(entry.value === null ? `Proposition retirée\u00a0: ${lever(id).label}.` : `Proposition reçue\u00a0: ${lever(id).label}.`);
        if (editor?.one.id === id) { editor = null; render(); body.querySelector("#chercher")?.focus(); } else render();
      } catch (error) {
        if (error.refused && error.status !== 429) {
          forget(id);
          if (editor?.one.id === id) editor.refuse(error.message);
          else say(error.message);
        } else {
          say(`La proposition attend\u00a0: ${error.message}`);
          return;
        }
      }
    }
  }
  const forget = (id) => { const left = waiting(); delete left[id]; STORE.setItem(WAITING, JSON.stringify(left)); };

  function open(id) {
    editor = new Editor(lever(id), state.own[id], send, () => { editor = null; render(); body.querySelector("#chercher")?.focus(); });
    render();
    editor.title.focus();
    editor.element.scrollIntoView({ block: "start" });
  }

  function picker() {
    const input = h("input", { type: "search", id: "chercher", autocomplete: "off", value: search });
    const list = h("ul", { class: "levers" });
    const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const fillList = () => {
      const kept = ground.levers.filter((one) => !one.closed && (!thematique || one.thematique === thematique) && plain(`${one.label} ${one.quantity_label}`).includes(plain(search)));
      list.replaceChildren(...kept.map((one) => {
        const own = state.own[one.id];
        const said = own ? h("span", { class: "said" }, `✓ ${one.translated ? withUnit(one, LIMIT.get(one.id).quantityOf(ktOf(one.id, own))) : `${formatNumber(ktOf(one.id, own))} ${KT}`}`) : null;
        return h("li", {}, h("button", { type: "button", style: { "--colour": one.colour }, onclick: () => open(one.id), "data-lever": one.id }, h("span", {}, one.label), said));
      }), ...(kept.length ? [] : [h("li", { class: "note" }, "Aucun levier ouvert ne répond à cette recherche.")]));
    };
    input.addEventListener("input", () => { search = input.value; fillList(); });
    input.addEventListener("keydown", (event) => {
      const first = list.querySelector("button");
      if (event.key === "Enter" && first) first.click();
    });
    const themes = ground.thematiques.filter((one) => ground.levers.some((each) => each.thematique === one.id)).map((one) => [one.id, one.label]);
    const choose = select([["", [["", "Toutes"], ...themes]]], thematique, (value) => { thematique = value; fillList(); });
    fillList();
    return [h("div", { class: "pick" }, field("Chercher un levier", input), field("Thématique", choose)), list];
  }

  function ownList() {
    const rows = Object.entries(state.own).map(([id, one]) => h("li", {},
      h("strong", {}, lever(id).label), `\u00a0: ${both(lever(id), ktOf(id, one))}${one.carried ? " (du tour précédent)" : ""}`));
    return h("section", { "aria-labelledby": "miennes" }, h("h2", { id: "miennes" }, "Mes propositions"),
      rows.length ? h("ul", { class: "own" }, ...rows) : h("p", { class: "note" }, "Aucune pour l’instant."));
  }

  function render() {
    const { round, open: isOpen, own } = state;
    head.replaceChildren(h("h1", {}, `Séance ${ground.of}`), h("p", {}, stateChip(round, isOpen)));
    const parts = [];
    if (isOpen) {
      const carried = Object.values(own).some((one) => one.carried);
      if (carried) parts.push(h("p", { class: "note" }, "Vos propositions du tour précédent sont reprises\u00a0: les changer, les retirer, ou les laisser."));
      parts.push(...(editor ? [editor.element] : picker()), ownList());
    } else {
      editor = null;
      parts.push(h("h2", {}, "Ce que la salle propose"), ...(state.results.length
        ? [...sums(state.totals, "Scénario médian"), ...results(state.results, own, true)]
        : [h("p", {}, "Aucune proposition dans ce tour.")]), ownList());
    }
    if (state.kept) parts.push(keptSection(state.kept));
    body.replaceChildren(...parts);
  }

  async function look() {
    try {
      if (Object.keys(waiting()).length && state) await flush();
      const found = await ask(`${NAME}/etat?vu=${encodeURIComponent(fresh)}`);
      show(trouble, false);
      if (!found) return;
      const turned = state && (state.round !== found.round || state.open !== found.open);
      const editing = editor && found.open && state.round === found.round;
      [state, fresh] = [found, found.version];
      if (editing) return; // the server came back: what is being typed stays
      if (turned) { editor = null; say(found.open ? `Le tour ${found.round} est ouvert.` : `Le tour ${found.round} est clos\u00a0: voici les propositions de la salle.`); }
      render();
    } catch (error) {
      if (error.status === 403) { STORE.removeItem(KEPT_KEY); location.reload(); return; }
      setText(trouble, error.message);
      show(trouble, true);
    }
  }

  function begin() {
    main.replaceChildren(head, trouble, status, body);
    watch(look);
  }

  key = STORE.getItem(KEPT_KEY) ?? "";
  if (key) begin();
  else enterForm();
}

// ---- The host

const relative = ({ lever: id, disagreement }) => (lever(id).target > 0 ? disagreement / lever(id).target : Infinity);
const ORDERS = {
  kt: { label: `écart entre les quartiles, en ${KT}` }, // as it comes
  relative: { label: "écart entre les quartiles, en part de la référence", by: (a, b) => relative(b) - relative(a) },
  opinions: { label: "nombre de propositions", by: (a, b) => b.values.length - a.values.length },
  name: { label: "nom du levier", by: (a, b) => lever(a.lever).label.localeCompare(lever(b.lever).label, "fr") },
};

function host() {
  const main = document.getElementById("page");
  const places = Object.fromEntries(["head", "join", "bilan", "list", "choose", "kept"].map((name) => [name, h("div", {})]));
  const trouble = h("p", { class: "warning", role: "alert", hidden: true });
  const status = h("p", { role: "status", class: "ck-hidden" });
  let state = null;
  let fresh = "";
  let live = false; // whether the spread is shown while the round is open
  let joining = true;
  let choosing = false;
  let order = "kt";
  let soon = () => {};

  async function act(path, body) {
    try {
      await ask(`animation/${path}`, { method: "POST", body });
      choosing = false;
      show(trouble, false);
      scrollTo(0, 0); // to what has changed
    } catch (error) { setText(trouble, error.message); show(trouble, true); }
    soon();
  }

  async function take(path, name) {
    try {
      const link = h("a", { href: URL.createObjectURL(await ask(`animation/${path}`, { as: "blob" })), download: name });
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) { setText(trouble, error.message); show(trouble, true); }
  }

  function head() {
    const { round, open, people, speakers } = state;
    const day = new Date().toISOString().slice(0, 10);
    const turn = open ? button(`Clore le tour ${round}`, () => act("tour", { open: false }), "main")
      : button(`Ouvrir le tour ${round + 1}`, () => act("tour", { open: true }));
    const keep = button("Retenir un scénario…", () => { choosing = !choosing; render(true); }, open ? "" : "main");
    keep.disabled = open || !state.results.length;
    const json = button("Scénario (JSON)", () => take("scenario", `scenario-${day}.json`));
    json.disabled = !state.kept;
    const before = document.activeElement?.textContent;
    places.head.replaceChildren(
      h("div", { class: "head" }, h("h1", {}, `Séance ${ground.of}`), stateChip(round, open),
        h("p", {}, h("strong", {}, `${plural(people, "personne")} ${people < 2 ? "entrée" : "entrées"}`), `, ${!speakers ? "aucune n’a encore proposé" : `${speakers} ${speakers < 2 ? "a proposé" : "ont proposé"}`}`)),
      h("div", { class: "actions" }, turn, keep, button("Compte rendu (PDF)", () => take("compte-rendu", `seance-${day}.pdf`)), json,
        button(joining ? "Masquer le lien" : "Montrer le lien", () => { joining = !joining; render(true); })));
    [...places.head.querySelectorAll("button")].find((one) => one.textContent === before)?.focus();
  }

  function join() {
    if (!joining) { places.join.replaceChildren(); return; }
    if (places.join.firstChild) return;
    places.join.append(h("section", { class: "join", "aria-label": "Rejoindre la séance" },
      h("img", { src: `${BASE}${state.code}.svg`, alt: `QR code du lien ${state.link}` }),
      h("div", {}, h("p", {}, "Avec l’appareil photo du téléphone, ou à cette adresse\u00a0:"), h("p", { class: "link" }, state.link.replace(/^https?:\/\//, "")),
        h("p", { class: "note" }, "Aucun nom n’est demandé. Personne ne voit qui propose quoi."),
        state.alone ? h("p", { class: "warning" }, "Seule cette machine ouvre ce lien\u00a0: les téléphones ne l’atteignent pas. Le guide de déploiement dit comment ouvrir la séance à une salle.") : null)));
  }

  function bilan() {
    const { open, round, totals } = state;
    if (open && !live) {
      const count = state.results.reduce((sum, one) => sum + one.values.length, 0);
      places.bilan.replaceChildren(h("p", {}, `${plural(count, "proposition")} sur ${plural(state.results.length, "levier")}. Elles se montrent à la clôture du tour, pour que chacun propose sans voir les autres.`),
        h("div", { class: "actions" }, button("Montrer dès maintenant", () => { live = true; render(true); })));
      return;
    }
    places.bilan.replaceChildren(h("h2", {}, `Scénario médian du tour ${round}`), ...sums(totals, "Scénario médian"),
      ...(open ? [h("div", { class: "actions" }, button("Cacher jusqu’à la clôture", () => { live = false; render(true); }))] : []));
  }

  function list() {
    if (state.open && !live) { places.list.replaceChildren(); return; }
    const spoken = new Set(state.results.map((one) => one.lever));
    const silent = ground.levers.filter((one) => !one.closed && !spoken.has(one.id));
    const closed = ground.levers.filter((one) => one.closed);
    const orders = Object.entries(ORDERS).map(([id, { label }]) => [id, label]);
    const sorted = ORDERS[order].by ? [...state.results].sort(ORDERS[order].by) : state.results;
    const apart = state.results.filter((one) => one.disagreement > 0).slice(0, 3).map((one) => lever(one.lever).label);
    const choice = select([["", orders]], order, (id) => { order = id; list(); places.list.querySelector("select").focus(); });
    places.list.replaceChildren(h("h2", {}, "Où la salle s’accorde, où elle diverge"),
      ...(state.results.length ? [
        apart.length ? h("p", {}, "Les avis s’écartent le plus, en ktCO₂e/an, sur\u00a0: ", h("strong", {}, apart.join("\u00a0; ")), ".") : "",
        h("div", { class: "order" }, field("Ordre des leviers", choice)),
        h("p", { class: "note" }, `Chaque bande va de 0 à ${formatNumber(reach(state.results))} fois la référence du levier.`), ...results(sorted)]
        : [h("p", {}, "Aucune proposition pour l’instant.")]),
      silent.length ? details(`${plural(silent.length, "levier")} sans proposition, à leur référence`, h("p", {}, silent.map((one) => one.label).join("\u00a0; "))) : "",
      closed.length ? details(`${plural(closed.length, "levier")} hors du choix de la salle`, h("ul", {}, ...closed.map((one) => h("li", {}, `${one.label}\u00a0: ${one.closed}.`)))) : "");
  }

  function choose() {
    if (!choosing || state.open) { choosing = false; places.choose.replaceChildren(); return; }
    if (places.choose.firstChild) return;
    const rows = state.results.map((result) => {
      const one = lever(result.lever);
      const units = one.translated ? [["quantity", `Autre valeur (${one.unit})`]] : [];
      const value = h("input", { inputmode: "decimal", "aria-label": `${one.label}\u00a0: autre valeur`, hidden: true });
      const kind = select([["", [["median", `Médiane\u00a0: ${formatNumber(result.median)} ${KT}`], ["reference", `Référence\u00a0: ${formatNumber(one.target)} ${KT}`], ...units, ["ktco2e", `Autre valeur (${KT})`]]]],
        "median", (chosen) => { show(value, !["median", "reference"].includes(chosen)); if (!value.hidden) value.focus(); });
      setAttribute(kind, "aria-label", one.label);
      const read = () => (kind.value === "median" ? [[one.id, null]] : kind.value === "reference" ? [] : [[one.id, { value: parseNumber(value.value), unit: kind.value }]]);
      return { read, one, element: h("div", { class: "choice" }, h("span", {}, one.label), kind, value) };
    });
    const reason = h("textarea", { rows: 3, maxlength: 1000 });
    const refused = h("p", { class: "error", role: "alert" });
    const keep = () => {
      const found = rows.flatMap((row) => row.read());
      const wrong = found.filter(([, said]) => said && !Number.isFinite(said.value)).map(([id]) => lever(id).label);
      setText(refused, wrong.length ? `${wrong.join(", ")}\u00a0: ${NOT_A_NUMBER}` : "");
      if (!wrong.length) act("decision", { levers: Object.fromEntries(found), reason: reason.value });
    };
    const title = h("h2", { tabindex: "-1" }, "Retenir un scénario");
    places.choose.append(h("section", {}, title,
      h("p", { class: "note" }, "Pour chaque levier, la médiane de la salle, la référence ou une autre valeur. Les leviers dont personne n’a parlé gardent leur référence."),
      ...rows.map((row) => row.element), field("Motif de la décision (écrit au compte rendu\u202f; sans nom de personne)", reason), refused,
      h("div", { class: "actions" }, button("Retenir ce scénario", keep, "main"), button("Renoncer", () => { choosing = false; render(true); }))));
    title.focus();
  }

  function render() {
    head(); join(); bilan(); list(); choose();
    places.kept.replaceChildren(...(state.kept ? [keptSection(state.kept)] : []));
  }

  async function look() {
    try {
      const found = await ask(`animation/etat?vu=${encodeURIComponent(fresh)}`);
      if (trouble.textContent === LOST) show(trouble, false);
      if (!found) return;
      if (state && state.open && !found.open) { joining = false; live = false; setText(status, `Tour ${found.round} clos.`); }
      if (state && found.round !== state.round) setText(status, `Tour ${found.round} ouvert.`);
      [state, fresh] = [found, found.version];
      render();
    } catch (error) { setText(trouble, error.message); show(trouble, true); }
  }

  main.replaceChildren(places.head, trouble, status, places.join, places.choose, places.kept, places.bilan, places.list);
  soon = watch(look);
}

// ---- The page

async function start() {
  if (IS_HOST) {
    if (location.hash.length > 1) { // the screen is projected: the key leaves the address bar at once
      STORE.setItem(KEPT_KEY, location.hash.slice(1));
      history.replaceState(null, "", location.pathname);
    }
    key = STORE.getItem(KEPT_KEY) ?? "";
  }
  try {
    ground = await ask(`${NAME}/territoire`);
  } catch (error) {
    const main = document.getElementById("page");
    main.replaceChildren(h("h1", {}, "Séance"), h("p", { class: "error", role: "alert" }, error.message),
      h("p", {}, IS_HOST ? "Ouvrir le lien de l’animation, que le serveur écrit à son démarrage." : "Reprendre le lien affiché à l’écran de la séance."),
      button("Réessayer", () => location.reload()));
    return;
  }
  LIMIT = limitsOf(ground);
  document.title = `Séance ${ground.of}`;
  if (IS_HOST) host();
  else participant();
}

start();
