// The page of a territory: today, what is left, the targets, what one leaves with. The same on a server, in a file and
// in a notebook: only where Python is asked, and where the link of the state is written, differ.

const STEPS = [[1, "Aujourd’hui"], [2, "Ce qui reste"], [3, "Objectifs"]];
const LEADS = {
  1: "Ce qui est déjà fait depuis 2019, prérempli là où une série observée a l’unité du levier. Le corriger levier par levier.",
  2: "Ce qui reste à faire d’ici 2030 pour atteindre ce qui est proposé, levier par levier.",
  3: "Écrire un objectif en émissions évitées ou dans l’unité du levier\u00a0: l’un donne l’autre.",
};
const NOTHING_KNOWN = french("Rien n’est connu ici de ce qui est fait depuis 2019 : les chiffres sont ceux de la référence. Saisir ce qui est fait, levier par levier.");

/** The bar that stays: total, what is missing, scenario, « Compenser ». */
function summaryBar(store) {
  const [total, verdict, more] = [h("span", { class: "ck-total" }), h("strong", { class: "ck-verdict" }), h("span", { class: "ck-detail" })];
  const gauge = bar();
  const compensate_ = button("Compenser", () => store.openCompensation(), "ck-primary");
  const undo = button("Annuler", () => store.undo());
  undo.title = "Annuler la dernière modification (Ctrl + Z)";
  const scenario = h("span", { class: "ck-scenario" });
  const element = h("div", { class: "ck-bar", role: "region", "aria-label": "Bilan du scénario" },
    h("div", { class: "ck-bar-words" }, h("span", { class: "ck-place" }, store.page.territory.name), scenario, verdict, more),
    h("div", { class: "ck-bar-gauge" }, gauge.element, total), h("div", { class: "ck-bar-actions" }, compensate_, undo));
  const update = () => {
    const { view, state } = store;
    const sums_ = view.gauge.total;
    const found = balance(store);
    const still = found.status === "neutral" && state.step !== 3;
    gauge.update(still ? { reference: sums_.reference ?? 0, proposed: sums_.done, done: sums_.done } : sums_.reference === null ? { reference: 0, proposed: 0, done: 0 } : { reference: sums_.reference, proposed: Math.min(sums_.proposed, sums_.reference) - Math.max(0, Math.min(sums_.net, 0)), done: sums_.done });
    setText(verdict, found.said);
    setText(more, found.more);
    setText(total, still ? `Référence : ${store.sum(sums_.reference)} ${KT}, ${store.convention()}` : `${store.sum(sums_.proposed)} proposés sur ${store.sum(sums_.reference)} ${KT}, ${store.convention()}`);
    setText(scenario, state.name);
    element.dataset.status = found.status;
    compensate_.disabled = !(sums_.net > 0) && !view.gauge.overlap;
    undo.disabled = !store.past.length;
  };
  return { element, update };
}

/** What is true now: « manque » is one figure, what proposals lack once the surplus of others is taken away. */
function balance(store) {
  const { view: { gauge: { total, overlap, lack, twice } }, state: { step } } = store;
  const [whole, gap] = [(value) => store.sum(value), (value) => store.lack(value)];
  const { reference, done, deficit, surplus, net, below, above, proposed } = total;
  if (reference === null) return { said: "Aucun objectif n’est connu dans ce territoire.", more: "", status: "neutral" };
  const left = `reste ${whole(Math.max(proposed - done, 0))}`;
  if (!below && !above) {
    const said = done > 0 ? `Déjà fait ${whole(done)} sur ${whole(reference)}, ${left}` : `${whole(reference)} ${KT} à éviter d’ici 2030`;
    const today = done > 0 ? "pour les leviers suivis ou saisis" : french("Déjà fait : n.d., aucune série ici dans l’unité d’un levier.");
    return { said, more: step === 3 ? french("Aucun objectif n’est encore changé : ceux du SGPE.") : today, status: "neutral" };
  }
  const parts = [below ? `${gap(deficit)} sous la référence (${plural(below, "levier")})` : "", above ? `${gap(surplus)} au-dessus (${plural(above, "levier")})` : ""].filter(Boolean).join(", ");
  if (overlap) return { said: `Manque ${gap(lack)} en effet conjoint`, more: `${parts}, dont ${gap(twice)} comptés deux fois`, status: "doubtful" };
  if (net > 0 && !same(deficit, surplus)) return { said: `Manque ${gap(net)} ${KT}`, more: parts, status: "missing" };
  return { said: below ? "Compensé" : `Dépasse la référence de ${gap(surplus)}`, more: below ? parts : "", status: "met" };
}

/** The sectors, each to its own scale; a click lists its levers only. */
function sectors(store) {
  const { page } = store;
  const forest = h("input", { type: "checkbox", id: newId("foret") });
  forest.addEventListener("change", () => store.change((state) => { state.forest = forest.checked; }));
  const rows = new Map(page.sectors.map((one) => {
    const [figures, gauge] = [h("span", { class: "ck-figures" }), bar()];
    const element = h("button", { type: "button", class: "ck-sector", onclick: () => store.glance((_, it) => { it.sector = it.sector === one.id ? "" : one.id; }) },
      h("span", { class: "ck-name" }, one.label), gauge.element, figures);
    return [one.id, { element, gauge, figures }];
  }));
  const plans = page.plans.length ? field("Plan de référence", select([["", [["sgpe", "Proposition du SGPE"], ...page.plans.map((plan) => [plan.id, plan.label.replace(/^l[ea] |^l’/, "")])]]],
    store.state.reference, (id) => store.change((state) => { state.reference = id; }))) : null;
  const columns = (first) => [[first, false], ...["Référence", "Proposé", "Sous la référence", "Au-dessus", "Manque"].map((name) => [name, true])];
  const both = table(`Les deux totaux (${KT})`, columns("Périmètre"));
  const figures = (one) => [...[one.reference, one.proposed].map((value) => store.sum(value)), ...[one.deficit, one.surplus, Math.max(unknown(one.net), 0)].map((value) => store.lack(value))];
  const overlaps = h("ul", {});
  const shared = h("details", {}, h("summary", {}, "Leviers qui agissent sur la même quantité"), overlaps);
  const sentence = h("p", { class: "ck-doubt" });
  const element = h("section", { class: "ck-sectors", "aria-labelledby": "copkit-secteurs" }, h("h2", { id: "copkit-secteurs" }, "Par secteur"), sentence,
    h("div", { class: "ck-sector-list" }, ...[...rows.values()].map((row) => row.element)),
    h("div", { class: "ck-row" }, h("p", { class: "ck-choice" }, forest, h("label", { for: forest.id }, "Compter le levier forêt")), plans),
    h("details", {}, h("summary", {}, "Total avec et sans forêt"), both.element), shared);
  const update = () => {
    const { view, state } = store;
    forest.checked = state.forest;
    const known_ = new Map(view.gauge.by_sector.map((one) => [one.id, one]));
    for (const [id, row] of rows) {
      const one = known_.get(id);
      show(row.element, Boolean(one));
      if (!one) continue;
      row.gauge.update({ reference: one.reference ?? 0, proposed: state.step === 3 ? one.proposed : one.done, done: one.done });
      const whole = (value) => store.sum(value, one.sgpe ?? one.reference);
      const gap = one.net > 0 ? `manque ${store.lack(one.net)}` : one.above ? `+${store.lack(-one.net)}` : "";
      const seen = page.levers.some((lever) => lever.sector === id && store.knows(lever.id));
      const today = store.blank() ? `${whole(one.reference)} à éviter` : `${seen ? `${whole(one.done)} faits` : UNKNOWN} sur ${whole(one.reference)}`;
      const texts = { 1: today, 2: `reste ${whole(one.remaining)}`, 3: [`${whole(one.proposed)} sur ${whole(one.reference)}`, gap].filter(Boolean).join(", ") };
      setText(row.figures, texts[Math.min(state.step, 3)]);
      setAttribute(row.element, "aria-pressed", String(store.sector === id));
    }
    both.update([["Hors forêt", ...figures(view.totals.without_forest)], ["Avec la forêt", ...figures(view.totals.with_forest)]]);
    setText(sentence, view.gauge.overlap);
    show(sentence, Boolean(view.gauge.overlap));
    show(shared, view.overlaps.length > 0);
    const said = view.overlaps.map((one) => one.sentence);
    if (overlaps.dataset.said !== said.join()) { overlaps.dataset.said = said.join(); overlaps.replaceChildren(...said.map((one) => h("li", {}, one))); }
  };
  return { element, update };
}

/** Where one chooses another territory. */
function otherTerritory(store) {
  const { host, page } = store;
  if (host.kind === "server") return h("a", { class: "ck-elsewhere", href: host.home }, "Changer de territoire");
  if (host.kind !== "widget") return null;
  const of = (level) => page.territories.filter((one) => one.level === level);
  const choices = [["Régions", of("region").map((one) => [one.code, one.name])], ["Départements", of("departement").map((one) => [one.code, `${one.code.slice(4)} · ${one.name}`])]];
  return field("Territoire", select(choices, page.territory.code, (code) => store.host.go(code)));
}

/** Everything of a territory, in an element. */
function build(store) {
  const { page, host } = store;
  store.convention = () => (store.state.forest && store.state.reference === "sgpe" ? "avec forêt" : "hors forêt");
  const live = h("p", { class: "ck-hidden", "aria-live": "polite" });
  const warnings = h("div", { class: "ck-warnings", role: "status" });
  const [top, tiles, groups, list, changed, full] = [summaryBar(store), panorama(store), sectors(store), leverList(store), changes(store), fullList(store)];
  const lead = h("p", { class: "ck-lead" });
  const steps = radios("Le fil de la réunion", "etape", STEPS.map(([step, name]) => [String(step), name]), String(store.state.step), (step) => store.glance((state) => { state.step = Number(step); }));
  const vision = radios("Regrouper", "vision", [["thematiques", "par thématique"], ["secteurs", "par secteur"]], store.state.vision, (id) => store.glance((state) => { state.vision = id; }));
  const take = [links(store), files(store), probability(store), scenarios(store)];
  const aside = h("aside", { class: "ck-aside", "aria-label": "Le levier choisi", hidden: true });
  let panel = null;
  const put = (made, from) => {
    panel = made;
    const close = h("button", { type: "button", class: "ck-close", onclick: () => { closePanel(); from?.focus(); } }, "Fermer");
    aside.replaceChildren(close, made.element);
    show(aside, true);
    element.classList.add("ck-with-panel");
    made.update();
    aside.scrollTop = 0;
  };
  const closePanel = () => {
    panel = null;
    show(aside, false);
    element.classList.remove("ck-with-panel");
    store.glance((state) => { state.focus = ""; });
  };
  /** The panel of a lever beside the page; `type`: straight into its field. */
  store.open = (id, type = false, calm = false) => {
    const made = leverPanel(store, store.lever(id));
    put(made, document.activeElement);
    if (!calm) (type ? made.first() : made.title).focus({ preventScroll: true });
    if (!calm && type) made.first().select?.();
    store.glance((state) => { state.focus = id; });
  };
  store.openCompensation = () => {
    const made = compensatePanel(store);
    put(made, document.activeElement);
    made.title.focus({ preventScroll: true });
    store.glance((state) => { state.focus = ""; state.step = 3; });
  };
  const skips = [["Chercher un levier", () => list.element.querySelector("#copkit-recherche")], ["Ce qui s’emporte", () => emporter]].map(([text, target]) =>
    h("a", { class: "ck-skip", href: "#", onclick: (event) => { event.preventDefault(); target().focus(); target().scrollIntoView({ block: "center" }); } }, text));
  const emporter = h("h2", { id: "copkit-emporter", tabindex: "-1" }, "Emporter");
  const texts = [page.texts.forest, page.texts.first_order, page.texts.departement, page.texts.overseas, page.texts.plans, page.texts.calendar, page.texts.licence, ...(page.limits ?? [])].filter(Boolean);
  const element = h("div", { class: "copkit-simulateur", lang: "fr" }, ...skips,
    h("header", { class: "ck-head" }, h("h1", { tabindex: "-1" }, `${page.territory.name}\u00a0: quel effort d’ici 2030\u202f?`), otherTerritory(store),
      h("p", { class: "ck-note" }, [page.texts.status, page.texts.version, page.made ? `Page faite le ${page.made} (copkit ${page.copkit}).` : ""].filter(Boolean).join(" ")),
      page.texts.worth ? h("p", { class: "ck-doubt" }, page.texts.worth) : null),
    top.element, warnings,
    h("div", { class: "ck-body" }, h("div", { class: "ck-main" },
      h("div", { class: "ck-row ck-flow" }, steps, vision), lead,
      h("section", { class: "ck-view", "aria-labelledby": "copkit-panorama" }, h("h2", { id: "copkit-panorama" }, "Le panorama"),
        h("p", { class: "ck-note ck-screen" }, "Surface\u00a0: la référence, hors forêt. Hachuré\u00a0: déjà fait. Coloré\u00a0: proposé. Blanc\u00a0: ce qui manque. Choisir une tuile ouvre son levier."), tiles.element),
      groups.element, changed.element, list.element), aside),
    full.element,
    h("section", { class: "ck-take", "aria-labelledby": emporter.id }, emporter, h("div", { class: "ck-boxes-row" }, ...take.map((part) => part.element).filter(Boolean))),
    h("footer", { class: "ck-foot" }, h("h2", {}, "Sources et limites"), h("ul", {}, ...page.sources.map((one) => h("li", {}, [one.title, one.year, one.licence].filter(Boolean).join(", ")))),
      ...texts.map((text) => h("p", {}, text))), live);
  element.addEventListener("keydown", (event) => {
    const typing = event.target.matches("textarea, input[type=text]") && event.target.dataset.typed;
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.shiftKey && !typing) { event.preventDefault(); store.undo(); }
    if (event.key === "Escape" && panel && aside.contains(event.target)) { event.preventDefault(); aside.querySelector(".ck-close").click(); }
  });
  element.addEventListener("input", (event) => { event.target.dataset.typed = "1"; });
  element.addEventListener("change", (event) => { delete event.target.dataset.typed; });
  let said = "";
  const announce = later((text) => { if (said && text !== said) setText(live, text); said = text; }, 700);
  const update = () => {
    const { view, state } = store;
    for (const part of [top, tiles, groups, list, changed, full, ...take, ...(panel ? [panel] : [])]) part.update();
    for (const input of steps.querySelectorAll("input")) input.checked = input.value === String(Math.min(state.step, 3));
    for (const input of vision.querySelectorAll("input")) input.checked = input.value === state.vision;
    setText(lead, state.step === 1 && store.blank() ? NOTHING_KNOWN : LEADS[Math.min(state.step, 3)]);
    if (warnings.dataset.said !== store.notes.join()) { warnings.dataset.said = store.notes.join(); warnings.replaceChildren(...store.notes.map((text) => h("p", { class: "ck-warning" }, text))); }
    const { said: words, more } = balance(store);
    announce([words, more].filter(Boolean).join(". "));
    element.dataset.link = toLink(page, store.entered).link;
  };
  store.onlook = update;
  const paper = (on) => () => { tiles.print(on); full.print(on); };
  window.addEventListener("beforeprint", paper(true));
  window.addEventListener("afterprint", paper(false));
  update();
  return { element, changed };
}

/** Puts the page of a host in an element. */
function put(host, place) {
  const store = new Store(host);
  const { element, changed } = build(store);
  place.replaceChildren(element);
  if (store.state.focus) store.open(store.state.focus, false, true);
  if (store.brought && changedLevers(store).length) changed.heading.scrollIntoView({ block: "center" });
  return store;
}

/** In a notebook: the state is Python's too, and Python answers by traits. */
function render({ model, el }) {
  const waiting = new Map();
  let last = 0;
  const ask = (request) => new Promise((resolve) => {
    const id = ++last;
    waiting.set(id, resolve);
    model.set("request", { id, ...request });
    model.save_changes();
  });
  const answered = () => { const answer = model.get("answer"); waiting.get(answer?.id)?.(answer); waiting.delete(answer?.id); };
  let sent = "";
  const save = (state) => { sent = JSON.stringify(state); model.set("state", structuredClone(state)); model.save_changes(); };
  const open = async (_, link) => { const answer = await ask({ do: "open", link, code: model.get("page").territory.code }); return answer.ok ? "" : answer.message; };
  const draw = () => {
    const state = model.get("state");
    put({ kind: "widget", page: model.get("page"), state, notes: model.get("notes"), brought: state.step === 3, ask, save, open, address: (link) => link, go: (code) => ask({ do: "open", code }) }, el);
  };
  const redraw = () => { if (JSON.stringify(model.get("state")) !== sent) draw(); };
  const events = { answer: answered, page: draw, state: redraw };
  for (const [name, call] of Object.entries(events)) model.on(`change:${name}`, call);
  draw();
  return () => { for (const [name, call] of Object.entries(events)) model.off(`change:${name}`, call); };
}

/** The page of its own: on a server, or in a file. */
function start() {
  const place = document.getElementById("simulateur");
  const page = JSON.parse(document.getElementById("donnees").textContent);
  const { kind, address } = page.host;
  const served = kind === "server";
  const given = () => (served ? new URLSearchParams(location.search).get("lien") ?? location.search : location.hash);
  let written = null;
  const save = later((state) => {
    const link = toLink(page, { ...state, levers: follow(page, state).accepted }).link;
    written = served ? link : `#${link.slice(1)}`;
    try { history.replaceState(history.state, "", written); } catch { location.replace(written); }
  }, 250);
  const ask = !served ? null : async (request) => {
    const answer = await fetch(`${address}api/demande`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(request) });
    if (answer.headers.get("Content-Type")?.startsWith("application/json")) return answer.json();
    throw new Error(String(answer.status));
  };
  const draw = () => {
    const found = given().length > 1 ? fromLink(page, given()) : null;
    const state = found?.state ?? openingOf(page);
    if (found && !/[?&#]etape=/.test(given())) state.step = Object.keys(found.state.levers).length ? 3 : 1;
    put({ kind, page, state, since: found?.since, notes: found?.notes ?? [], brought: Boolean(found), ask, save, home: address,
      address: (link) => (served ? new URL(address + link, location.href).href : address + link),
      open: async (_, link) => {
        if (!link.includes("?") && !link.includes("=")) return french("Lien illisible : le copier en entier.");
        if (served && !/[?&]([ct]-|territoire=)/.test(link)) return french("Lien sans territoire : le copier en entier.");
        if (served) { location.assign(`${address}?lien=${encodeURIComponent(link)}`); return ""; }
        location.hash = `#${link.slice(link.indexOf("?") + 1)}`;
        return "";
      },
      adopt: (store, { page: other, state: found_, notes }) => {
        if (other.territory.code !== page.territory.code) { location.assign(address + toLink(other, found_).link); return; }
        store.notes = notes;
        store.change((now) => { now.levers = found_.levers; now.step = 3; });
      } }, place);
  };
  draw();
  if (!served) window.addEventListener("hashchange", () => { if (location.hash !== written) draw(); });
  document.documentElement.classList.add("js");
}

export default { render };
