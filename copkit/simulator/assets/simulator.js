// The page: five steps over one small state. Python keeps the truth: each change sends the state, a view comes back.

/** The state of the visitor, its past, and the conversation with Python. */
class Store {
  constructor(model) {
    this.model = model;
    this.past = [];
    this.waiting = new Map();
    this.lastId = 0;
    this.runtime = model.get("runtime");
    this.served = Boolean(this.runtime); // our server, whose address bar shows the link of the state
    this.read();
    this.send = eachFrame(() => {
      this.sent = JSON.stringify(this.state);
      model.set("state", structuredClone(this.state));
      model.save_changes();
      this.look();
      this.onlook();
    });
  }

  read() {
    this.page = this.model.get("page");
    this.take(this.model.get("state"));
  }

  /** A state that comes from Python. */
  take(state) {
    [this.state, this.sent] = [structuredClone(state), JSON.stringify(state)];
    this.accepted = this.model.get("view").state.levers;
    this.look();
  }

  /** What the page shows: the figures of the entries at once, by Python's rules; the rest as it comes from Python. */
  look() {
    const { accepted, ...figures } = follow(this.page, this.state, this.accepted);
    this.accepted = accepted;
    this.view = { ...this.model.get("view"), ...figures };
  }

  lever(id) {
    return this.page.levers.find((lever) => lever.id === id);
  }

  /** Changes the state; changes of the same thing that follow closely are one step of the past. */
  change(edit, what = "") {
    const now = Date.now();
    const before = JSON.stringify(this.state);
    edit(this.state);
    if (JSON.stringify(this.state) === before) return;
    if (!what || what !== this.lastWhat || now - this.lastTime > 1500) this.past.push(before);
    if (this.past.length > 200) this.past.shift();
    [this.lastWhat, this.lastTime] = [what, now];
    this.send();
  }

  setLever(id, values) {
    this.change((state) => {
      const entry = { value: null, unit: "ktco2e", done: 0, why: "", source: "", ...state.levers[id], ...values };
      if (entry.value === null && !entry.done && !entry.why && !entry.source) delete state.levers[id];
      else state.levers[id] = entry;
    }, `${id} ${Object.keys(values)} ${values.unit}`);
  }

  /** The lever whose trajectory is drawn: a look, not an entry, so it is not undone. */
  focus(id) {
    if (this.state.focus === id) return;
    this.state.focus = id;
    this.send();
  }

  undo() {
    if (!this.past.length) return;
    this.state = { ...JSON.parse(this.past.pop()), focus: this.state.focus };
    this.lastWhat = null;
    this.send();
  }

  adopt(state) {
    this.change((current) => { current.levers = structuredClone(state.levers); });
  }

  /** One request; the promise gives the answer, {ok, message, …}. */
  ask(request) {
    const id = ++this.lastId;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.model.set("request", { id, ...request });
      this.model.save_changes();
    });
  }

  answered() {
    const answer = this.model.get("answer");
    this.waiting.get(answer?.id)?.(answer);
    this.waiting.delete(answer?.id);
  }
}

const STEPS = ["Découvrir", "Comprendre", "Visualiser", "Proposer", "Partager"];

function goTo(step) {
  const heading = document.getElementById(`copkit-etape-${step}`);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  heading.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  heading.focus({ preventScroll: true });
}

function stepLinks() {
  const items = STEPS.map((name, i) => h("li", {}, h("a", { href: `#copkit-etape-${i + 1}`, onclick: (event) => {
    event.preventDefault();
    goTo(i + 1);
  } }, `${i + 1}. ${name}`)));
  return h("nav", { class: "ck-steps", "aria-label": "Les cinq étapes" }, h("ol", {}, ...items));
}

function section(step, subtitle, ...children) {
  const id = `copkit-etape-${step}`;
  return h("section", { class: "ck-step", "aria-labelledby": id },
    h("h2", { id, tabindex: "-1" }, `${step}. ${STEPS[step - 1]}`), h("p", { class: "ck-subtitle" }, subtitle), ...children);
}

/** Step 1: which territory, what the page is, the order of magnitude. */
function discover(store) {
  const { page } = store;
  const of = (level) => page.territories.filter((one) => one.level === level);
  const choices = [["Régions", of("region").map((one) => [one.code, one.name])],
    ["Départements", of("departement").map((one) => [one.code, `${one.code.slice(4)} · ${one.name}`])]];
  const message = h("p", { class: "ck-error", role: "status" });
  const territory = select(choices, page.territory.code, async (code) => {
    const answer = await store.ask({ do: "territory", code });
    if (!answer.ok) setText(message, answer.message);
  });
  const plans = page.plans ?? [];
  const reference = plans.length ? field("Plan de référence", select([["", [["sgpe", "Proposition indicative du SGPE"], ...plans.map((plan) => [plan.id, planName(plan)])]]],
    store.state.reference, (id) => store.change((state) => { state.reference = id; }))) : null;
  const total = h("p", { class: "ck-lead" });
  const { title, status, licence, version, ...more } = page.texts;
  const texts = [status, ...Object.values(more)].filter(Boolean);
  const sources = h("ul", {}, ...page.sources.map((source) => h("li", {}, [source.title, source.year].filter(Boolean).join(", "))));
  const element = section(1, "Quel effort d’ici 2030 pour ce territoire, et par quels leviers\u202f?",
    h("div", { class: "ck-pair ck-even" },
      h("div", {}, h("div", { class: "ck-row" }, field("Territoire", territory), reference), message, total),
      h("div", {}, ...texts.map((text) => h("p", {}, capital(text))))),
    details("Sources et version des données", h("p", {}, version), h("p", {}, licence), sources));
  const update = (view) => setText(total, `${page.territory.name}\u00a0: ${whole(view.totals.without_forest.reference)} ${KT} à éviter en 2030 par rapport à 2019, hors forêt (${whole(view.totals.with_forest.reference)} avec la forêt).`);
  return { element, update };
}

/** Step 2: the panorama, its table, the filter. */
function understand(store) {
  const { page, state } = store;
  const set = (edit) => store.change(edit);
  const vision = radios("Regrouper", "vision", [["thematiques", "par thématique"], ["secteurs", "par secteur"]], state.vision,
    (id) => set((now) => { now.vision = id; }));
  const remaining = radios("Montrer", "reste", [["false", "tout l’objectif"], ["true", "ce qui reste à faire"]], String(state.remaining),
    (id) => set((now) => { now.remaining = id === "true"; }));
  const all = [["", "Tous"]];
  const filter = (key, list) => select([["", [...all, ...list.map((one) => [one.id, one.label])]]], state.filter[key],
    (id) => set((now) => { now.filter = { ...now.filter, [key]: id }; }));
  const enjeu = filter("enjeu", page.enjeux);
  const thematique = filter("thematique", page.thematiques);
  const name = `Panorama des leviers, ${page.territory.name}`;
  const host = h("div", { class: "ck-chart ck-panorama", role: "img", "aria-label": `${name}. Les mêmes chiffres sont dans le tableau qui suit.` });
  const columns = h("p", { class: "ck-note" });
  const picked = h("div", { class: "ck-picked", role: "status" });
  const chart = new LiveChart(host, store.runtime, page.charts.panorama, { onclick: (row) => pick(row.lever) });
  const pick = (id) => {
    const lever = store.lever(id);
    if (!lever) return;
    store.focus(id);
    const change = h("a", { href: `#copkit-proposer-${id}`, onclick: (event) => {
      event.preventDefault();
      const row = document.getElementById(`copkit-proposer-${id}`);
      row.closest("details").open = true;
      row.scrollIntoView({ block: "center" });
      (row.querySelector("input") ?? row.querySelector("summary"))?.focus({ preventScroll: true });
    } }, lever.closed ? `Levier fermé\u00a0: ${lever.closed}` : "Changer cet objectif");
    picked.replaceChildren(h("h3", {}, `${lever.order} · ${lever.label}`), h("p", {}, `${lever.thematique_label} · ${lever.sector_label}`), h("p", {}, change), whyPanel(page, lever));
  };
  const figures = table(`${name} (${KT})`, [["Levier", false], ["Thématique", false], ["Secteur", false], ["Référence", true], ["Déjà fait", true], ["Proposé", true], ["Reste à faire", true]]);
  const tableBox = details("Tableau du panorama", figures.element);
  tableBox.addEventListener("toggle", () => fill(store.view, store.state));
  const inUse = (one) => page.levers.some((lever) => lever.thematique === one.id);
  const legend = h("ul", { class: "ck-legend" }, ...page.thematiques.filter(inUse).map((one) => {
    return h("li", {}, h("span", { style: { "--colour": one.colour } }), one.label);
  }), h("li", {}, h("span", { class: "ck-hatched" }), "déjà fait (hachuré)"));
  const element = section(2, "Chaque surface est proportionnelle aux émissions à éviter.",
    h("div", { class: "ck-row" }, vision, remaining, field("Enjeu", enjeu), field("Thématique", thematique)),
    h("p", { class: "ck-note ck-swipe" }, "Le graphique défile de gauche à droite."),
    h("div", { class: "ck-scroll", role: "region", tabindex: "0", "aria-label": name }, host), columns, legend, picked,
    tableBox);
  const update = (view, now) => {
    const { rects, hatch, texts, narrow } = view.charts.panorama;
    setText(columns, narrow ?? "");
    chart.update({ rects, hatch, texts });
    for (const input of vision.querySelectorAll("input")) input.checked = input.value === now.vision;
    for (const input of remaining.querySelectorAll("input")) input.checked = input.value === String(now.remaining);
    setChoice(enjeu, now.filter.enjeu);
    setChoice(thematique, now.filter.thematique);
    fill(view, now);
  };
  const fill = (view, now) => {
    if (!tableBox.open) return;
    figures.update(page.levers.filter((lever) => kept(lever, now.filter)).map((lever) => {
      const found = view.levers[lever.id] ?? {};
      const shown = (value) => formatNumber(value, lever.decimals_kt);
      return [lever.label, lever.thematique_label, lever.sector_label, lever.shown === false ? "?" : shown(lever.target), shown(found.done_kt), shown(found.kt), shown(found.remaining_kt)];
    }));
  };
  return { element, update, finalize: () => chart.finalize() };
}

function visualise(store) {
  const list = leverList(store, DoneEditor);
  const see = button("Voir le panorama de ce qui reste", () => {
    store.change((state) => { state.remaining = true; });
    goTo(2);
  });
  return { element: section(3, french("Ce qui est déjà fait depuis 2019, levier par levier ; le reste est l’effort à venir."), see, list.element), update: list.update };
}

function propose(store) {
  const list = leverList(store, LeverEditor);
  const curve = trajectory(store);
  const chance = probability(store);
  const side = [gauge(store), curve];
  const under = [compensation(store), chance];
  const overlaps = h("ul", { class: "ck-overlaps" });
  const overlapBox = h("div", { class: "ck-panel" }, h("h3", {}, "Leviers qui agissent sur la même quantité"), overlaps);
  const element = section(4, "Écrire un objectif en émissions évitées ou en quantité\u00a0: l’un donne l’autre.",
    h("div", { class: "ck-split" }, list.element, h("div", { class: "ck-side" }, ...side.map((part) => part.element))),
    overlapBox, h("div", { class: "ck-pair" }, ...under.map((part) => part.element)));
  const update = (view, state) => {
    for (const part of [list, ...side, ...under]) part.update(view, state);
    const said = view.overlaps.map((one) => one.sentence);
    show(overlapBox, said.length > 0);
    if (overlaps.dataset.said !== said.join()) {
      overlaps.dataset.said = said.join();
      overlaps.replaceChildren(...said.map((one) => h("li", {}, one)));
    }
    const entered = JSON.stringify([state.levers, state.reference]);
    if (entered !== element.dataset.entered) { element.dataset.entered = entered; chance.stale(); }
  };
  return { element, update, finalize: curve.finalize };
}

function share(store) {
  const parts = [links(store), files(store), scenarios(store)];
  const element = section(5, "Emporter le scénario, le montrer, le comparer.", ...parts.map((part) => part.element));
  return { element, update: (view, state) => parts.forEach((part) => part.update(view, state)) };
}

/** Everything of one territory; made again when the territory changes. */
function build(store) {
  const live = h("p", { class: "ck-hidden", "aria-live": "polite" });
  const warnings = h("div", { class: "ck-warnings", role: "status" });
  const bar = summaryBar(store);
  const steps = [discover(store), understand(store), visualise(store), propose(store), share(store)];
  const skips = [["1", "Aller au choix du territoire"], ["4", "Aller aux leviers"], ["5", "Aller au partage"]].map(([step, text]) =>
    h("a", { class: "ck-skip", href: `#copkit-etape-${step}`, onclick: (event) => { event.preventDefault(); goTo(step); } }, text));
  const element = h("div", { class: "copkit-simulateur", lang: "fr" }, ...skips, bar.element, stepLinks(), warnings, ...steps.map((step) => step.element), live);
  element.addEventListener("keydown", (event) => {
    const typing = event.target.matches("textarea, input[type=text]") && event.target.dataset.typed;
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.shiftKey && !typing) { event.preventDefault(); store.undo(); }
  });
  element.addEventListener("input", (event) => { event.target.dataset.typed = "1"; });
  element.addEventListener("change", (event) => { delete event.target.dataset.typed; });
  let said = store.view.gauge.announce;
  const announce = later((text) => { if (text !== said) { said = text; setText(live, text); } }, 800);
  const address = later((link) => { if (store.served) history.replaceState(history.state, "", link); }, 300);
  const update = () => {
    const { view, state } = store;
    for (const part of [bar, ...steps]) part.update(view, state);
    if (warnings.dataset.said !== view.warnings.join()) {
      warnings.dataset.said = view.warnings.join();
      warnings.replaceChildren(...view.warnings.map((text) => h("p", { class: "ck-warning" }, text)));
    }
    announce(view.gauge.announce);
    address(view.link);
  };
  update();
  return { element, update, finalize: () => steps.forEach((step) => step.finalize?.()) };
}

function render({ model, el }) {
  const store = new Store(model);
  let page = build(store);
  store.onlook = () => page.update();
  el.replaceChildren(page.element);
  const rebuild = () => {
    page.finalize();
    store.read();
    store.past = [];
    page = build(store);
    el.replaceChildren(page.element);
    goTo(1);
  };
  const receive = () => { store.look(); page.update(); };
  const adopt = () => {
    const state = model.get("state");
    const text = JSON.stringify(state);
    if (text === store.sent || model.get("page") !== store.page) return; // our own change, or a new territory
    store.past.push(JSON.stringify(store.state));
    store.take(state);
    page.update();
  };
  const answered = () => store.answered();
  const events = { page: rebuild, view: receive, state: adopt, answer: answered };
  for (const [name, call] of Object.entries(events)) model.on(`change:${name}`, call);
  return () => {
    for (const [name, call] of Object.entries(events)) model.off(`change:${name}`, call);
    page.finalize();
  };
}

export default { render };
