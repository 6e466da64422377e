// What one leaves with: what has changed, links, files, paper, scenarios side by side.

const changedLevers = (store, view = store.view) => store.page.levers.filter((lever) => view.levers[lever.id].changed);

/** « Ce qui a changé »: each target that is not the reference, with its justification. */
function changes(store) {
  const heading = h("h2", { id: "copkit-changes", tabindex: "-1" }, "Ce qui a changé");
  const lead = h("p", {});
  const figures = table("Objectifs différents de la référence", [["Levier", false], ["Référence", true], ["Proposé", true], ["Écart (kt)", true], ["Pourquoi, d’après quoi", false]]);
  const data = dataMoves(store);
  const element = h("section", { class: "ck-changes", "aria-labelledby": heading.id }, heading, lead, figures.element, data.element);
  const update = () => {
    const found = changedLevers(store);
    show(element, found.length > 0 || store.brought);
    data.update();
    const { version, territory } = store.page;
    const waiting = found.filter((lever) => !store.view.levers[lever.id].justified).length;
    const named = store.state.name ? `Scénario «\u00a0${store.state.name}\u00a0»` : "Scénario";
    setText(lead, `${named}, ${territory.name}, données ${version}\u00a0: ${found.length ? `${plural(found.length, "objectif")} ${found.length > 1 ? "diffèrent" : "diffère"} de la référence` : "aucun objectif ne diffère de la référence"}.${waiting ? ` Brouillon\u00a0: ${plural(waiting, "objectif")} à justifier.` : ""}`);
    show(figures.element, found.length > 0);
    figures.update(found.map((lever) => {
      const [now, entry] = [store.view.levers[lever.id], store.state.levers[lever.id]];
      const why = [entry?.why, entry?.source].filter((text) => text?.trim()).join(" – ");
      return [lever.label, store.kt(lever, lever.target), store.both(lever, now, entry), store.away(lever, now), now.justified ? why : `${why ? `${why} – ` : ""}À justifier`];
    }));
  };
  return { element, heading, update };
}

/** What another version of the data changes: that of the link, or the last one where the page keeps that of the link. */
function dataMoves(store) {
  const { page, since, host } = store;
  const other = page.moved[since] ? since : page.latest !== page.version ? page.latest : "";
  if (!other) return { element: null, update() {} };
  const ahead = other === page.latest;
  const [before, after] = ahead ? [page.version, other] : [other, page.version];
  const moved = page.moved[other];
  const both = (lever) => {
    const pair = [[lever.target, lever.limit.quantity], moved[lever.id] ?? [lever.target, lever.limit.quantity]];
    return (ahead ? pair : pair.reverse()).map(([kt, quantity]) => ({ kt: unknown(kt), quantity: known(unknown(quantity)) }));
  };
  const text = (lever, one) => (Number.isNaN(one.kt) ? "absent" : lever.shown ? store.both(lever, one) : store.page.texts.hidden_word);
  const figures = table("Références que les données changent", [["Levier", false], [`Données ${before}`, true], [`Données ${after}`, true], ["Écart (kt)", true]]);
  const said = ahead ? `Ce résultat est lu sur les données ${before}, celles du lien\u00a0; les dernières sont ${after}.` : `Lien fait sur les données ${before}\u00a0; cette page lit les données ${after}.`;
  const count = Object.keys(moved).length;
  const element = h("div", { class: "ck-moved" }, h("h3", {}, "Depuis, les données ont changé"),
    h("p", {}, `${said} ${count ? `${plural(count, "référence")} ${count > 1 ? "changent" : "change"}\u00a0:` : "Aucune référence ne change ici."}`),
    count ? figures.element : null);
  if (ahead && host.kind === "server") element.append(h("p", {}, h("a", { class: "ck-latest" }, "Lire ces objectifs sur les dernières données")));
  const update = () => {
    const link = element.querySelector(".ck-latest");
    if (link) link.href = host.address(toLink(page, store.entered).link.replace(`v=${page.version}`, `v=${after}`));
    const changed = new Set(changedLevers(store).map((lever) => lever.id));
    const rows = page.levers.filter((lever) => moved[lever.id]).sort((a, b) => changed.has(b.id) - changed.has(a.id));
    const sums_ = [0, 1].map((side) => page.levers.filter((lever) => lever.id !== page.forest_lever).reduce((all, lever) => all + (both(lever)[side].kt || 0), 0));
    figures.update([["Total, hors forêt", ...sums_.map((one) => store.sum(one)), withSign(sums_[1] - sums_[0], store.sum(sums_[1] - sums_[0]))],
      ...rows.map((lever) => {
        const pair = both(lever);
        const away = pair[1].kt - pair[0].kt;
        return [`${lever.label}${changed.has(lever.id) ? " (changé dans ce scénario)" : ""}`, ...pair.map((one) => text(lever, one)), lever.shown ? withSign(away, store.kt(lever, away)) : ""];
      })]);
  };
  return { element, update };
}

/** The whole list, on paper behind the first page, and on the screen when asked for. */
function fullList(store) {
  const figures = table(`Tous les leviers, ${store.page.territory.name} (${KT})`, [["Levier", false], ["Secteur", false], ["Référence", true], ["Déjà fait", true], ["Proposé", true], ["Reste", true], ["Écart", true], ["2019", true], ["Référence 2030", true], ["Proposé 2030", true], ["Unité", false], ["Statut", false]]);
  const element = h("details", { class: "ck-full" }, h("summary", {}, "Le tableau de tous les leviers"), figures.element,
    store.page.texts.hidden ? h("p", { class: "ck-note" }, store.page.texts.hidden) : null);
  const fill = () => figures.update(store.page.levers.map((lever) => {
    const now = store.view.levers[lever.id];
    const secret = (value, instead = "—") => (lever.shown ? store.kt(lever, value) : instead);
    return [`${lever.order}. ${lever.label}`, lever.sector_label, secret(lever.target, store.page.texts.hidden_word), store.kt(lever, now.done_kt), secret(now.kt), secret(now.remaining_kt), now.changed ? store.away(lever, now) : "",
      lever.start === null || !lever.translated ? "" : store.quantity(lever, lever.start), lever.translated ? store.quantity(lever, unknown(lever.limit.quantity)) : "",
      lever.translated ? store.quantity(lever, unknown(now.quantity)) : "", lever.unit, now.changed ? "hypothèse" : lever.status_label];
  }));
  element.addEventListener("toggle", () => fill());
  return { element, update: () => { if (element.open) fill(); }, print: (on) => { if (on) fill(); element.open = on; } };
}

function linkField(label, note) {
  const input = h("input", { type: "text", readonly: true, class: "ck-link" });
  const said = h("span", { role: "status" });
  const copy = button("Copier", async () => {
    input.select();
    try { await navigator.clipboard.writeText(input.value); } catch { document.execCommand("copy"); }
    setText(said, "Lien copié.");
  });
  copy.append(hidden(` – ${label}`));
  const element = h("div", { class: "ck-wide" }, field(label, input), h("div", { class: "ck-row" }, copy, said), note ? h("p", { class: "ck-note" }, note) : null);
  return { element, set: (text) => { if (input.value !== text) { input.value = text; setText(said, ""); } show(element, Boolean(text)); } };
}

function links(store) {
  const ours = linkField("Lien de ce scénario", french("Il rouvre la page sur ce résultat, avec la version des données."));
  const here = store.host.kind === "file" ? linkField("Pour rouvrir ce fichier dans le même état") : null;
  const official = linkField("Lien pour le simulateur officiel", french("En ktCO₂e entières ; il ne porte pas de version."));
  const left = h("ul", { class: "ck-doubts" });
  const input = h("input", { type: "text", maxlength: 8000, placeholder: "https://…" });
  const message = h("p", { role: "status" });
  const open = button("Ouvrir", async () => setText(message, await store.host.open(store, input.value) ?? ""));
  const update = () => {
    const { link, left: out } = toLink(store.page, store.entered);
    ours.set(store.host.address(link));
    here?.set(`${location.href.split("#")[0]}#${link.slice(1)}`);
    official.set(toOfficial(store.page, store.entered));
    if (left.dataset.said !== out.join()) { left.dataset.said = out.join(); left.replaceChildren(...out.map((text) => h("li", {}, text))); }
    show(left, out.length > 0);
  };
  return { element: h("div", { class: "ck-box" }, h("h3", {}, "Partager un lien"), ours.element, here?.element ?? null, official.element, left,
    h("div", { class: "ck-wide" }, field("Ouvrir un lien (de cette page ou du simulateur officiel)", input), h("div", { class: "ck-row" }, open), message)), update };
}

function save(name, mime, parts) {
  const url = URL.createObjectURL(new Blob(parts, { type: mime }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const bytes = (data) => Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));

/** All levers as the library writes them; for a French Excel: semicolons, decimal commas, a byte order mark. */
function csvOf(store, excel) {
  const [mark, separator, end] = excel ? ["\ufeff", ";", "\r\n"] : ["", ",", "\n"];
  const cell = (value) => {
    const text = excel && typeof value === "number" ? String(value).replace(".", ",") : String(value ?? "");
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return safe.includes(separator) || /["\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const heads = ["Territoire", "Version des données", "État", "Identifiant", "Levier", "Thématique", "Secteur", "Référence (ktCO2e/an)", "Proposé (ktCO2e/an)", "Écart (ktCO2e/an)",
    "Déjà fait (ktCO2e/an)", "Reste à faire (ktCO2e/an)", "Quantité en 2019", "Quantité de référence en 2030", "Quantité proposée en 2030", "Unité", "Statut", "Justification", "Source"];
  const rows = store.page.levers.map((lever) => {
    const [now, entry] = [store.view.levers[lever.id], store.entered.levers[lever.id]];
    return [store.page.territory.code, store.page.version, now.changed && !now.justified ? "à justifier" : "", lever.id, lever.label, lever.thematique_label, lever.sector_label,
      lever.target, now.kt, known(unknown(now.kt) - unknown(lever.target)), now.done_kt, now.remaining_kt, lever.translated ? lever.limit.start : null, lever.limit.quantity, now.quantity,
      lever.unit.replace("₂", "2") || "—", now.changed ? "hypothèse" : lever.status_label, entry?.why ?? "", entry?.source ?? ""];
  });
  return mark + [heads, ...rows].map((row) => row.map(cell).join(separator) + end).join("");
}

const ASKED_FILES = [["pdf", "Document PDF"], ["xlsx", "Classeur XLSX"], ["json", "Scénario JSON"], ["svg", "Image SVG"], ["png", "Image PNG"]];

function files(store) {
  const message = h("p", { role: "status", class: "ck-message" });
  const waiting = h("p", { class: "ck-note" });
  const draft = () => changedLevers(store).some((lever) => !store.view.levers[lever.id].justified);
  const words = (text) => plainText(text).replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const csv = (excel) => () => {
    const { code, name } = store.page.territory;
    const parts = ["copkit", code, words(name), words(store.state.name.slice(0, 40)), draft() ? "brouillon" : "", excel ? "excel" : ""];
    const file = `${parts.filter(Boolean).join("-")}.csv`;
    save(file, "text/csv;charset=utf-8", [csvOf(store, excel)]);
    setText(message, `Fichier enregistré\u00a0: ${file}`);
  };
  const asked = (format) => async () => {
    setText(message, "Fichier en préparation…");
    const answer = await store.ask({ do: "export", format });
    if (answer.ok) save(answer.file.name, answer.file.mime, [bytes(answer.file.data)]);
    setText(message, answer.ok ? `Fichier enregistré\u00a0: ${answer.file.name}` : answer.message);
  };
  const upload = h("input", { type: "file", accept: ".json,application/json", hidden: true, "aria-label": "Scénario enregistré (JSON)" });
  upload.addEventListener("change", async () => {
    const [file] = upload.files;
    if (!file) return;
    const answer = file.size > 200_000 ? { ok: false, message: `Fichier de plus de 200${NARROW}ko\u00a0: ce n’est pas un scénario enregistré ici.` } : await store.ask({ do: "import", text: await file.text() });
    setText(message, answer.ok ? `Scénario repris de ${file.name}.` : answer.message);
    if (answer.ok) store.host.adopt?.(store, answer);
    upload.value = "";
  });
  const behind = store.host.ask ? ASKED_FILES : [];
  const element = h("div", { class: "ck-box" }, h("h3", {}, "Enregistrer, imprimer"), waiting,
    h("div", { class: "ck-row" }, button("Imprimer", () => window.print(), "ck-primary"), button("Table CSV", csv(false)), button("Table CSV pour Excel", csv(true)),
      ...behind.map(([format, label]) => button(label, asked(format))),
      behind.length ? button("Reprendre un scénario JSON…", () => upload.click()) : null), message, upload);
  const update = () => {
    const names = changedLevers(store).filter((lever) => !store.view.levers[lever.id].justified).map((lever) => lever.label);
    show(waiting, names.length > 0);
    setText(waiting, names.length ? `À justifier\u00a0: ${joined(names)}. D’ici là, les fichiers sont marqués «\u00a0brouillon\u00a0».` : "");
  };
  return { element, update };
}

/** Scenarios kept under a name, and one table that compares them. */
function scenarios(store) {
  const name = h("input", { type: "text", maxlength: 80 });
  name.addEventListener("input", () => store.change((state) => { state.name = name.value; }, "name"));
  const full = h("p", { class: "ck-note" }, "Six scénarios sont gardés\u00a0: en retirer un pour en garder un autre.");
  const keep = button("Garder ce scénario", () => store.change((state) => {
    const label = name.value.trim() || `Scénario ${state.kept.length + 1}`;
    state.kept.push({ name: label, levers: structuredClone(store.accepted) });
  }));
  const list = h("ul", { class: "ck-kept" });
  const host = h("div");
  let [shownNames, comparison] = ["", null];
  const rebuild = (names) => {
    list.replaceChildren(...names.map((label, i) => h("li", {}, h("span", {}, label),
      button("Reprendre", () => store.change((state) => { state.levers = structuredClone(state.kept[i].levers); state.name = label; }), "ck-small"),
      button("Retirer", () => store.change((state) => { state.kept.splice(i, 1); }), "ck-small"))));
    comparison = names.length ? table(`Comparaison des scénarios (${KT})`, [["Levier", false], ["Référence", true], ["Scénario en cours", true], ...names.map((label) => [label, true])]) : null;
    host.replaceChildren(...(comparison ? [comparison.element] : []));
  };
  const update = () => {
    const { state, view } = store;
    setField(name, state.name);
    const names = state.kept.map((one) => one.name);
    if (JSON.stringify(names) !== shownNames) { shownNames = JSON.stringify(names); rebuild(names); }
    keep.disabled = names.length >= 6;
    show(full, names.length >= 6);
    if (!comparison) return;
    const all = [{}, null, ...state.kept.map((one) => one.levers)].map((levers) => (levers ? follow(store.page, { ...state, levers }) : view));
    const entries = [{}, store.accepted, ...state.kept.map((one) => one.levers)];
    const total = (label, figure, text) => [label, ...all.map((one) => text(figure(one.totals.without_forest)))];
    comparison.update([total("Total proposé, hors forêt", (one) => one.proposed, (value) => store.sum(value)), total("Manque, hors forêt", (one) => Math.max(one.net, 0), (value) => store.lack(value)),
      ...store.page.levers.filter((lever) => all.some((one) => one.levers[lever.id].changed)).map((lever) => [lever.label, ...all.map(({ levers }, i) => store.both(lever, levers[lever.id], entries[i][lever.id]))])]);
  };
  return { element: h("div", { class: "ck-box ck-across" }, h("h3", {}, "Garder et comparer des scénarios"), field("Nom du scénario en cours", name), h("div", { class: "ck-row" }, keep), full, list, host), update };
}

/** How likely the target is, given the stated uncertainties; only when asked for. */
function probability(store) {
  if (!store.host.ask) return { element: null, update() {} };
  const message = h("p", { role: "status" });
  let asked = "";
  const ask = button("Calculer la probabilité", async () => {
    setText(message, "Calcul en cours…");
    const entered = JSON.stringify(store.accepted);
    const answer = await store.ask({ do: "probability" });
    setText(message, answer.ok ? answer.sentence : answer.message);
    asked = answer.ok ? entered : "";
  });
  const update = () => {
    if (asked && asked !== JSON.stringify(store.accepted)) { asked = ""; setText(message, french("Le scénario a changé : calculer à nouveau.")); }
  };
  return { element: h("div", { class: "ck-box" }, h("h3", {}, "Probabilité d’atteindre la référence"),
    h("p", {}, "Tirages au sort dans les incertitudes déclarées de chaque coefficient."), h("div", { class: "ck-row" }, ask), message), update };
}
