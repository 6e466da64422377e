// A lever: its line in the list, its panel, and where its figures come from.

function listed({ state, sector, only }, lever) {
  return (!sector || lever.sector === sector) && (!only || only.has(lever.id))
    && (!state.filter.thematique || lever.thematique === state.filter.thematique)
    && (!state.filter.enjeu || lever.enjeux.includes(state.filter.enjeu));
}

const plainText = (text) => text.normalize("NFD").replace(/[\u0300-\u036f’']/g, (sign) => (sign === "’" || sign === "'" ? " " : "")).toLowerCase().trim();

/** « Pourquoi ce chiffre ? »: formula, coefficient, source and status of both figures of a lever. */
function whyLines(page, lever) {
  const line = (name, value) => (value || value === 0 ? [h("dt", {}, name), h("dd", {}, String(value))] : []);
  const one = (title, why) => why && h("div", {}, h("h3", {}, title), h("dl", { class: "ck-why" },
    line("Formule", why.formula),
    line("Coefficient", why.coefficient && `${formatQuantity(why.coefficient)} ${why.coefficient_unit ?? ""}`),
    line("Source", [why.source_title ?? why.source, why.year].filter(Boolean).join(", ")),
    line("Statut", page.status_labels[why.status] ?? why.status),
    (why.limits ?? []).flatMap((limit) => line("Limite", limit))));
  const key = lever.grade && h("p", {}, `Part du territoire\u00a0: clé « ${lever.key_label} » (qualité ${lever.grade}).`);
  return [one("Émissions évitées", lever.why?.kt), one(`Quantité${lever.unit ? ` (${lever.unit})` : ""}`, lever.why?.quantity), key].filter(Boolean);
}

/** A number field: what is typed goes to the state at once, an unreadable text stays and is explained. */
function numberField(id, name, unit, described, onvalue, onempty) {
  const input = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", id, "aria-describedby": `${described} ${id}-illisible` });
  const unreadable = h("p", { class: "ck-error", id: `${id}-illisible`, hidden: true }, NOT_A_NUMBER);
  const read = (final) => {
    const value = parseNumber(input.value);
    show(unreadable, Number.isNaN(value));
    if (Number.isNaN(value)) setAttribute(input, "aria-invalid", "true");
    else if (value === null) { if (final) onempty(); } else onvalue(value);
  };
  input.addEventListener("input", () => read(false));
  input.addEventListener("change", () => read(true));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const now = parseNumber(input.value) || 0;
    const size = 10 ** Math.floor(Math.log10(Math.max(Math.abs(now), 1e-3) / 5));
    const next = (Math.round(now / size) + (event.key === "ArrowUp" ? 1 : -1)) * size;
    input.value = formatExact(Number(next.toFixed(Math.max(0, -Math.floor(Math.log10(size))))));
    read(false);
  });
  /** Shows a value; a refused or an unreadable entry stays in its field beside its message. */
  const set = (text, refused) => {
    if (!refused && document.activeElement !== input) { show(unreadable, false); if (input.value !== text) input.value = text; }
    if (!Number.isNaN(parseNumber(input.value))) setAttribute(input, "aria-invalid", refused ? "true" : null);
  };
  const element = h("div", { class: "ck-field" }, h("label", { for: id }, hidden(`${name}, `), unit), input, unreadable);
  return { element, input, set };
}

/** The fields of one figure of a lever, in kt and in its own unit; `shownIn(view)`: what they show. */
function bothFields(store, lever, name, legend, errorId, write, shownIn) {
  const id = (unit) => `copkit-${name}-${unit}-${lever.id}`;
  const kt = numberField(id("kt"), "Émissions évitées", KT, errorId, (value) => write(value, "ktco2e"), () => write(null, "ktco2e"));
  const quantity = lever.translated ? numberField(id("q"), capital(lever.quantity_label || "Quantité"), lever.unit, errorId,
    (value) => write(value, "quantity"), () => write(null, "quantity")) : null;
  const note = h("p", { class: "ck-note" });
  const element = h("fieldset", { class: "ck-both" }, h("legend", {}, legend), h("div", { class: "ck-fields" }, kt.element, quantity?.element ?? null), note);
  const update = () => {
    const found = shownIn();
    kt.set(found.kt, found.refused === "ktco2e");
    quantity?.set(found.quantity, found.refused === "quantity");
    setText(note, found.note);
    show(note, Boolean(found.note));
  };
  return { element, update, first: kt.input };
}

const shownExact = (entry, unit, text) => (entry?.unit === unit && entry.value !== null ? formatExact(entry.value) : text);

/** How fast a lever goes: in its own unit, or what its series counts, in the first of its sentences. */
function pace(seen) {
  if (!seen) return "Aucune série observée dans ce territoire";
  if (!seen.converted || seen.pace === null) return seen.sentence.split(/(?<=\.) /)[0];
  const yearly = (value) => `${withSign(value, formatQuantity(value))} par an`;
  return `${yearly(seen.pace)} observé${seen.needed === null ? "" : `, ${yearly(seen.needed)} pour la référence`} (${seen.unit})`;
}

/** The panel of a lever: what one needs to decide first, the rest folded once. */
function leverPanel(store, lever) {
  const { page } = store;
  const limit = limitsOf(page).get(lever.id);
  const title = h("h2", { tabindex: "-1" }, lever.label);
  const errorId = `copkit-erreur-${lever.id}`;
  const error = h("p", { class: "ck-error", id: errorId, role: "alert" });
  const fact = (name, text) => (text ? [h("dt", {}, name), h("dd", {}, text)] : []);
  const { observed: seen } = lever;
  const others = page.chains.filter((chain) => chain.steps.flat().includes(lever.id))
    .flatMap((chain) => chain.steps.flat()).filter((id) => id !== lever.id && store.lever(id)).map((id) => store.lever(id).label);
  const at2019 = lever.translated && lever.start !== null ? ` ; ${store.quantity(lever, lever.start)} en 2019` : "";
  const reference = lever.shown ? `${store.both(lever, { kt: limit.target, quantity: known(limit.quantity) })}${at2019}` : "non affichée par le SGPE";
  const facts = h("dl", { class: "ck-facts" },
    ...fact("Référence", capital(reference)),
    ...fact("Pourquoi", lever.rationale),
  );
  const rest = h("dl", { class: "ck-facts" },
    ...fact("Bornes", lever.closed ? "" : [lever.range, lever.limit.why].filter(Boolean).join("\u00a0: ")),
    ...fact("Fourchette", lever.low !== null && lever.high !== null ? `de ${store.kt(lever, lever.low)} à ${store.kt(lever, lever.high)} ${KT}` : ""),
    ...fact("Rythme", pace(seen)),
    ...fact("Recouvre", others.length ? `agit sur la même quantité que ${joined(others.map((one) => `« ${one} »`))}`.replaceAll("« ", "«\u00a0").replaceAll(" »", "\u00a0»") : ""),
  );
  const parts = [];
  if (lever.closed) facts.append(...fact("Fermé", `${capital(lever.closed)}.`));
  else {
    const done = bothFields(store, lever, "fait", "Déjà fait depuis 2019", errorId, (value, unit) => {
      const kt = value === null ? 0 : unit === "quantity" ? limit.ktOf(value) : value;
      store.setLever(lever.id, { done: kt });
    }, () => {
      const now = store.view.levers[lever.id];
      const typed = store.state.levers[lever.id]?.done ?? 0;
      const same_ = lever.done && typed === lever.done.kt;
      const over = same_ && lever.done.reached > lever.done.kt ? ` (${formatNumber(lever.done.reached)} observés, comptés jusqu’à la référence)` : "";
      const less = lever.done && lever.done.reached < 0 ? `La série s’éloigne de l’objectif\u00a0: ${formatNumber(lever.done.reached)} ${KT} en ${lever.done.year}.` : "";
      return { kt: now.done_error ? "" : formatNumber(now.done_kt), quantity: store.quantity(lever, limit.quantityOf(now.done_kt)), refused: now.done_error ? "ktco2e" : "",
        note: same_ && lever.done.kt ? `Prérempli\u00a0: ${lever.done.year}${over}. ${lever.done.source}.` : less };
    });
    const aim = bothFields(store, lever, "objectif", "Objectif en 2030, ce qui est déjà fait compris", errorId, (value, unit) => store.setLever(lever.id, { value, unit }), () => {
      const [now, entry] = [store.view.levers[lever.id], store.state.levers[lever.id]];
      return { kt: shownExact(entry, "ktco2e", store.kt(lever, now.kt)), quantity: shownExact(entry, "quantity", store.quantity(lever, unknown(now.quantity))),
        refused: now.error ? entry?.unit : "",
        note: now.done_kt ? `Dont ${formatNumber(now.done_kt)} déjà faits, reste ${formatNumber(now.remaining_kt)} ${KT}.` : "" };
    });
    const top = Math.min(limit.kt_max, 2 * (lever.target ?? 0)) || 1;
    const slider = h("input", { type: "range", min: 0, max: top, step: top / 200, tabindex: "-1", "aria-hidden": "true" });
    slider.addEventListener("input", () => store.setLever(lever.id, { value: Number(slider.value), unit: "ktco2e" }));
    const gap = h("p", { class: "ck-gap" });
    const back = switchBack(store, lever);
    const text = (name, label) => {
      const input = h("textarea", { maxlength: 1000, rows: 2 });
      input.addEventListener("input", () => store.setLever(lever.id, { [name]: input.value }));
      return [input, field(label, input)];
    };
    const [[why, whyField], [source, sourceField]] = [text("why", "Pourquoi cet objectif"), text("source", "Source ou donnée utilisée")];
    const justify = h("fieldset", { class: "ck-both" }, h("legend", {}, "À justifier"), whyField, sourceField);
    parts.push(done, aim, { update: () => {
      const [now, entry] = [store.view.levers[lever.id], store.state.levers[lever.id]];
      const beside = now.deficit ? `${store.kt(lever, now.deficit)} ${KT} sous la référence` : `${store.kt(lever, now.surplus)} ${KT} au-dessus de la référence`;
      setText(gap, now.changed ? beside : "À la référence");
      setText(error, [now.error, now.done_error].filter(Boolean).join(" "));
      if (document.activeElement !== slider) slider.value = now.kt ?? 0;
      show(justify, now.changed || Boolean(entry?.why || entry?.source));
      justify.firstChild.textContent = now.justified ? "Justification" : "À justifier";
      setField(why, entry?.why ?? "");
      setField(source, entry?.source ?? "");
    } }, back);
    parts.elements = [done.element, aim.element, slider, h("div", { class: "ck-row" }, gap, back.element), error, justify];
    parts.first = aim.first;
    parts.done = done.first;
  }
  const way = trajectory(store, lever);
  const more = lazyDetails("Trajectoire, formule et source", () => { way.update(); return [way.element, ...whyLines(page, lever), lever.comment ? h("p", {}, lever.comment) : null]; });
  const official = lever.official_label ? `Simulateur officiel\u00a0: «\u00a0${lever.official_label}\u00a0»` : "";
  const element = h("div", { class: `ck-panel-body ck-${lever.thematique}` },
    h("p", { class: "ck-note" }, [`${lever.thematique_label} · ${lever.sector_label}`, official].filter(Boolean).join(" · ")), title, facts, ...(parts.elements ?? []), rest, more);
  return { element, title, first: () => (store.state.step === 1 ? parts.done : parts.first) ?? title, update: () => { for (const part of parts) part.update(); way.update(); } };
}

/** A switch that takes a lever back to its reference, and again to what was entered. */
function switchBack(store, lever) {
  const element = h("button", { type: "button", role: "switch", class: "ck-switch", onclick: () => store.toggle(lever.id) }, h("span", { class: "ck-knob", "aria-hidden": "true" }), "Mon objectif", hidden(` – ${lever.label}`));
  const update = () => {
    const { changed, error } = store.view.levers[lever.id];
    setAttribute(element, "aria-checked", String(changed || Boolean(error)));
    show(element, changed || Boolean(error) || store.parked.has(lever.id));
  };
  return { element, update };
}

/** The list: one line a lever, searched, sorted and filtered. */
function leverList(store) {
  const { page } = store;
  const search = h("input", { type: "search", id: "copkit-recherche", autocomplete: "off", placeholder: "haies, vélo, fioul…" });
  const sort = select([["", [["effect", "effet"], ["gap", "écart"], ["left", "reste à faire"], ["name", "nom"]]]], "effect", () => update());
  const changed = h("input", { type: "checkbox", id: newId("changes") });
  changed.addEventListener("change", () => update());
  const filter = (key, list) => select([["", [["", "tous"], ...list.map((one) => [one.id, one.label])]]], store.state.filter[key] ?? "",
    (id) => store.glance((state) => { state.filter = { ...state.filter, [key]: id }; }));
  const [enjeu, thematique] = [filter("enjeu", page.enjeux), filter("thematique", page.thematiques)];
  const sector = select([["", [["", "tous"], ...page.sectors.map((one) => [one.id, one.label])]]], "", (id) => store.glance((_, it) => { it.sector = id; }));
  const said = h("p", { class: "ck-note", role: "status" });
  const rows = new Map(page.levers.map((lever) => [lever.id, leverRow(store, lever)]));
  const list = h("ul", { class: "ck-list" });
  const words = new Map(page.levers.map((lever) => [lever.id, `${lever.words} ${plainText(lever.official_label)}`]));
  const wordsAsked = () => plainText(search.value).split(/\s+/).filter(Boolean);
  const found = () => {
    const asked = wordsAsked();
    return page.levers.filter((lever) => asked.every((word) => words.get(lever.id).includes(word)));
  };
  search.addEventListener("input", () => update());
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const matching = found(); // a lever that is called so, before those that only speak of it
    const first = matching.find((lever) => wordsAsked().every((word) => plainText(lever.label).includes(word))) ?? matching[0];
    if (first) store.open(first.id, true);
  });
  const keys = { effect: ([lever]) => -(lever.target ?? 0), gap: ([, now]) => -Math.max(now.deficit ?? 0, now.surplus ?? 0),
    left: ([, now]) => -(now.remaining_kt ?? 0), name: () => 0 };
  let order = "";
  const update = () => {
    const { view } = store;
    const matching = new Set(found().map((lever) => lever.id));
    const shownLevers = page.levers.filter((lever) => matching.has(lever.id) && listed(store, lever) && (!changed.checked || view.levers[lever.id].changed));
    const key = keys[sort.value];
    const sorted = shownLevers.map((lever) => [lever, view.levers[lever.id]])
      .sort((a, b) => key(a) - key(b) || (sort.value === "name" ? a[0].label.localeCompare(b[0].label, "fr") : a[0].order - b[0].order)).map(([lever]) => lever.id);
    const next = sorted.join();
    if (next !== order && !(sort.value !== "effect" && list.contains(document.activeElement) && sorted.length === list.children.length)) {
      order = next;
      list.replaceChildren(...sorted.map((id) => rows.get(id).element));
    }
    for (const id of sorted) rows.get(id).update();
    setText(said, sorted.length === page.levers.length ? "" : sorted.length ? `${plural(sorted.length, "levier")} sur ${page.levers.length}` : "Aucun levier ne correspond\u00a0: changer la recherche ou les filtres.");
    setChoice(enjeu, store.state.filter.enjeu);
    setChoice(thematique, store.state.filter.thematique);
    setChoice(sector, store.sector);
  };
  const element = h("section", { class: "ck-levers", "aria-labelledby": "copkit-leviers" }, h("h2", { id: "copkit-leviers", tabindex: "-1" }, "Les leviers"),
    h("div", { class: "ck-row ck-tools" }, field("Chercher un levier", search), field("Trier par", sort), field("Secteur", sector),
      lazyDetails("Autres filtres", () => [field("Enjeu", enjeu), field("Thématique", thematique)]),
      h("p", { class: "ck-choice" }, changed, h("label", { for: changed.id }, "Changés seulement"))), said, list);
  return { element, update };
}

function leverRow(store, lever) {
  const [name, figures, gap] = [h("span", { class: "ck-name" }, `${lever.order}. ${lever.label}`), h("span", { class: "ck-figures" }), h("span", { class: "ck-rowgap" })];
  const gauge = bar();
  const back = switchBack(store, lever);
  const open = h("button", { type: "button", class: "ck-open", onclick: () => store.open(lever.id) }, name, gauge.element, figures, gap);
  const element = h("li", { class: `ck-row-lever ck-${lever.thematique}`, "data-lever": lever.id }, open, back.element);
  const update = () => {
    const { view, state } = store;
    const now = view.levers[lever.id];
    const kt = (value) => store.kt(lever, value, Math.abs(value) >= 100 ? 0 : 1);
    const today = store.today(lever.id);
    gauge.update({ reference: lever.target, proposed: state.step === 3 ? now.kt : now.done_kt, done: now.done_kt });
    const texts = { 1: `${kt(today)}${today >= 0 ? " faits" : today < 0 ? " observés" : ""} sur ${kt(lever.target)}`,
      2: `reste ${kt(now.remaining_kt)} sur ${kt(now.kt)}`, 3: `${kt(now.kt)} sur ${kt(lever.target)}` };
    setText(figures, lever.shown ? `${texts[Math.min(state.step, 3)]} kt` : "référence non affichée");
    setText(gap, lever.closed ? "fermé" : now.error || now.done_error ? "refusé" : now.changed ? `${store.away(lever, now, 0)}${now.justified ? "" : " · à justifier"}` : "");
    element.classList.toggle("ck-changed", now.changed);
    setAttribute(open, "aria-current", state.focus === lever.id ? "true" : null);
    back.update();
  };
  return { element, update };
}
