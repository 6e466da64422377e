// What one leaves with: links, files, scenarios side by side.

/** A link in a field that can be copied. */
function linkField(label, note) {
  const input = h("input", { type: "text", readonly: true, class: "ck-link" });
  const said = h("span", { role: "status" });
  const copy = button("Copier", async () => {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      document.execCommand("copy"); // a page without the permission of the clipboard
    }
    setText(said, "Lien copié.");
  });
  copy.append(hidden(` – ${label}`));
  const element = h("div", { class: "ck-field ck-wide" }, field(label, input), h("div", { class: "ck-actions" }, copy, said), h("p", { class: "ck-note" }, note));
  return { element, set: (text) => { setField(input, text); show(element, Boolean(text)); setText(said, ""); } };
}

/** A link of this page or of the official simulator, to be opened here. */
function linkOpener(store) {
  const input = h("input", { type: "text", maxlength: 8000, placeholder: "https://…" });
  const message = h("p", { role: "status" });
  const open = button("Ouvrir", async () => {
    const answer = await store.ask({ do: "open_link", link: input.value });
    setText(message, answer.ok ? "" : answer.message);
  });
  return h("div", { class: "ck-wide" }, field("Ouvrir un lien (de cette page ou du simulateur officiel)", input), h("div", { class: "ck-actions" }, open), message);
}

function links(store) {
  const ours = linkField("Lien de ce scénario", "Il rouvre la page à l’identique, avec la version des données.");
  const official = linkField("Lien pour le simulateur officiel", french("En ktCO₂e entières, pour les régions seulement ; il ne porte pas de version."));
  const update = (view) => {
    ours.set(store.served ? new URL(view.link, location.href).href : view.link);
    official.set(view.official_link);
  };
  return { element: h("div", { class: "ck-panel" }, h("h3", {}, "Partager un lien"), ours.element, official.element, linkOpener(store)), update };
}

function download({ name, mime, data }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const FILES = [["xlsx", "Classeur XLSX"], ["csv", "Table CSV"], ["csv_excel", "Table CSV pour Excel"], ["json", "Scénario JSON"], ["svg", "Image SVG"], ["png", "Image PNG"]];

function files(store) {
  const message = h("p", { role: "status", class: "ck-message" });
  const draft = h("input", { type: "checkbox", id: newId("brouillon") });
  const unjustified = h("p", { class: "ck-warning" });
  const save = (format) => async () => {
    setText(message, "Fichier en préparation…");
    const answer = await store.ask({ do: "export", format, draft: draft.checked });
    setText(message, answer.ok ? `Fichier enregistré\u00a0: ${answer.file.name}` : answer.message);
    if (answer.ok) download(answer.file);
  };
  const upload = h("input", { type: "file", accept: ".json,application/json", hidden: true, "aria-label": "Scénario enregistré (JSON)" });
  upload.addEventListener("change", async () => {
    const [file] = upload.files;
    if (!file) return;
    const answer = file.size > 200_000
      ? { ok: false, message: `Fichier de plus de 200${NARROW}ko\u00a0: ce n’est pas un scénario enregistré ici.` }
      : await store.ask({ do: "import", text: await file.text() });
    setText(message, answer.ok ? `Scénario repris de ${file.name}.` : answer.message);
    upload.value = "";
  });
  const update = (view) => {
    const waiting = store.page.levers.filter(({ id }) => view.levers[id].changed && !view.levers[id].justified);
    const labels = waiting.map((lever) => lever.label);
    show(unjustified, labels.length > 0);
    setText(unjustified, labels.length ? `Objectifs changés sans justification ni source\u00a0: ${labels.join(", ")}. Le classeur et le scénario attendent ces textes (étape 4), ou le statut de brouillon.` : "");
  };
  const element = h("div", { class: "ck-panel" }, h("h3", {}, "Enregistrer et imprimer"), unjustified,
    h("p", { class: "ck-choice" }, draft, h("label", { for: draft.id }, "Enregistrer comme brouillon, sans toutes les justifications")),
    h("div", { class: "ck-actions" }, ...FILES.map(([format, label]) => button(label, save(format))), button("Imprimer", () => window.print())),
    message,
    h("div", { class: "ck-actions" }, button("Reprendre un scénario JSON…", () => upload.click()), upload));
  return { element, update };
}

/** Scenarios kept under a name, and one table that compares them. */
function scenarios(store) {
  const name = h("input", { type: "text", maxlength: 80 });
  name.addEventListener("input", () => store.change((state) => { state.name = name.value; }, "name"));
  const message = h("p", { role: "status" });
  const keep = button("Garder ce scénario", () => {
    if (store.state.kept.length >= 6) { setText(message, "Six scénarios sont déjà gardés\u00a0: en retirer un."); return; }
    const label = name.value.trim() || `Scénario ${store.state.kept.length + 1}`;
    store.change((state) => { state.kept.push({ name: label, levers: structuredClone(store.accepted) }); });
    setText(message, `«\u00a0${label}\u00a0» est gardé.`);
  });
  const list = h("ul", { class: "ck-kept" });
  const host = h("div");
  let shownNames = null;
  let comparison = null;
  const rebuild = (names) => {
    list.replaceChildren(...names.map((label, i) => h("li", {}, h("span", {}, label),
      button("Reprendre", () => store.change((state) => { state.levers = structuredClone(state.kept[i].levers); state.name = label; }), "ck-small"),
      button("Retirer", () => store.change((state) => { state.kept.splice(i, 1); }), "ck-small"))));
    const columns = [["Levier", false], ["Référence", true], ["Scénario en cours", true], ...names.map((label) => [label, true])];
    comparison = names.length ? table(`Comparaison des scénarios (${KT})`, columns) : null;
    host.replaceChildren(...(comparison ? [comparison.element] : []));
  };
  const update = (view, state) => {
    setField(name, state.name ?? "");
    const names = state.kept.map((one) => one.name);
    if (JSON.stringify(names) !== shownNames) { shownNames = JSON.stringify(names); rebuild(names); }
    if (!comparison) return;
    const all = [{}, state.levers, ...state.kept.map((one) => one.levers)]
      .map((levers, i) => (i === 1 ? view : follow(store.page, { ...state, levers }))); // the first is the reference
    const total = (label, key) => [label, ...all.map((one) => whole(one.totals.without_forest[key]))];
    const cell = (lever) => ({ levers }) => {
      const { kt, quantity } = levers[lever.id];
      const both = lever.translated && quantity !== null ? ` (${formatNumber(quantity, lever.decimals_quantity)} ${lever.unit})` : "";
      return `${formatNumber(kt, lever.decimals_kt)}${both}`;
    };
    comparison.update([total("Total proposé, hors forêt", "proposed"), total("Manque, hors forêt", "deficit"),
      ...store.page.levers.filter((lever) => all.some((one) => one.levers[lever.id].changed))
        .map((lever) => [lever.label, ...all.map(cell(lever))])]);
  };
  const element = h("div", { class: "ck-panel" }, h("h3", {}, "Comparer des scénarios"),
    field("Nom du scénario en cours", name), h("div", { class: "ck-actions" }, keep), message, list, host);
  return { element, update };
}
