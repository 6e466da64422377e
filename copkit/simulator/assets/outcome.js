// What the entries amount to: summary bar, gauge, trajectory, compensation, probability.

/** The bar that stays in sight: territory, total, what is missing, undo. */
function summaryBar(store) {
  const total = h("span", { class: "ck-total" });
  const verdict = h("span", { class: "ck-verdict" });
  const fill = h("span", { class: "ck-bar-proposed" });
  const done = h("span", { class: "ck-bar-done" });
  const undo = button("Annuler", () => store.undo(), "ck-small");
  undo.title = "Annuler la dernière modification (Ctrl + Z)";
  const element = h("div", { class: "ck-bar", role: "region", "aria-label": "Bilan du scénario" },
    h("strong", { class: "ck-place" }, store.page.territory.name), total,
    h("span", { class: "ck-track", "aria-hidden": "true" }, fill, done), verdict, undo);
  const update = ({ gauge: { total: sums, status, sentence } }) => {
    const share = (kt) => `${100 * Math.min(1, Math.max(0, kt / sums.reference || 0))}%`;
    fill.style.setProperty("inline-size", share(sums.reference - sums.deficit));
    done.style.setProperty("inline-size", share(sums.done));
    setText(total, `${whole(sums.proposed)} proposés sur ${whole(sums.reference)} ${KT}`);
    const missing = `${status === "missing" ? "Manque" : "Compensé\u00a0: manque"} ${whole(sums.deficit)}`;
    const short = sums.above ? `Dépasse de ${whole(sums.surplus)}` : status === "met" ? "Atteint la référence" : sentence;
    setText(verdict, !sums.below ? short : missing + (sums.above ? `, surplus ailleurs ${whole(sums.surplus)}` : ""));
    element.dataset.status = status === "missing" ? "missing" : "met";
    undo.disabled = !store.past.length;
  };
  return { element, update };
}

/** « le SRADDET » at the head of a column. */
const planName = (plan) => plan.label.replace(/^l[ea] |^l’/, "");

/** The gauge: with and without forest, by sector; a surplus is beside a deficit, never inside it. */
function gauge(store) {
  const sentence = h("p", { class: "ck-lead" });
  const forest = h("input", { type: "checkbox", id: newId("foret") });
  forest.addEventListener("change", () => store.change((state) => { state.forest = forest.checked; }));
  const plans = store.page.plans;
  const columns = (first, more = []) => [[first, false], ...more, ["Référence", true], ["Proposé", true], ["Manque", true], ["Surplus", true], ["Bilan", true]];
  const both = table(`Les deux totaux (${KT})`, columns("Périmètre"));
  const sectors = table(`Par secteur (${KT})`,
    columns("Secteur", plans.length ? [["SGPE", true], ...plans.map((plan) => [planName(plan), true])] : []));
  const bars = h("div", { class: "ck-gauge", "aria-hidden": "true" });
  const figures = (sums) => [
    ...[sums.reference, sums.proposed, sums.deficit, sums.surplus].map(whole), formatSigned(-unknown(sums.net), 0)];
  const element = h("div", { class: "ck-panel" }, h("h3", {}, "Ce qui manque"), sentence,
    h("p", { class: "ck-choice" }, forest, h("label", { for: forest.id }, "Compter le levier forêt")),
    bars, details("Tableau de la jauge", both.element, sectors.element));
  const update = (view, state) => {
    setText(sentence, view.gauge.sentence);
    forest.checked = state.forest;
    both.update([["Hors forêt", ...figures(view.totals.without_forest)], ["Avec la forêt", ...figures(view.totals.with_forest)]]);
    const rows = view.gauge.by_sector;
    const other = (row) => (plans.length ? [row.sgpe, ...plans.map((plan) => plan.totals[row.id])].map(whole) : []);
    sectors.update(rows.map((row) => [row.label, ...other(row), ...figures(row)]));
    const widest = Math.max(1, ...rows.map((row) => Math.max(row.reference, row.proposed)));
    while (bars.children.length < rows.length) {
      bars.append(h("div", {}, h("span"), h("span", { class: "ck-track" }, h("span", { class: "ck-bar-proposed" }),
        h("span", { class: "ck-bar-missing" })), h("span", { class: "ck-gap" })));
    }
    while (bars.children.length > rows.length) bars.lastElementChild.remove();
    rows.forEach((row, i) => {
      const [name, track, gap] = bars.children[i].children;
      setText(name, row.label);
      track.children[0].style.setProperty("inline-size", `${(100 * (row.reference - row.deficit)) / widest}%`);
      track.children[1].style.setProperty("inline-size", `${(100 * row.deficit) / widest}%`);
      setText(gap, row.below ? `manque ${whole(row.deficit)}` : row.above ? `+${whole(row.surplus)}` : "atteint");
    });
  };
  return { element, update };
}

/** The trajectory of the lever in focus, and the same points in a table. */
function trajectory(store) {
  const title = h("h3", {}, "Trajectoire du levier");
  const unit = h("p", { class: "ck-note" });
  const sentence = h("p", { id: newId("trajectoire") });
  const host = h("div", { class: "ck-chart", role: "img", "aria-label": "Trajectoire du levier choisi" });
  let chart = null; // made at the first lever looked at
  const points = table("Points de la trajectoire", [["Série", false], ["Année", true], ["Valeur", true]]);
  const tableBox = details("Tableau de la trajectoire", points.element);
  const update = (view) => {
    const shown = view.charts.trajectory;
    const known = Boolean(shown?.lever);
    show(host, known);
    show(tableBox, known);
    setText(title, known ? `Trajectoire\u00a0: ${shown.label}` : "Trajectoire du levier");
    setText(unit, known ? shown.unit : "");
    setText(sentence, known ? shown.sentence : "Choisir un levier\u00a0: son rythme observé et celui qu’il faut s’affichent ici.");
    if (!known) return;
    setAttribute(host, "aria-label", `${shown.label}. ${shown.sentence}`);
    chart ??= new LiveChart(host, store.runtime, store.page.charts.trajectory, { fit: true });
    chart.update({ points: shown.points, paces: shown.paces });
    points.update([...shown.points, ...shown.paces].map((row) => [row.series, String(row.year), formatQuantity(row.value)]));
  };
  return { element: h("div", { class: "ck-panel" }, title, sentence, unit, host, tableBox), update, finalize: () => chart?.finalize() };
}

/** Choose levers and a rule, read what each would have to do, accept it or not. */
function compensation(store) {
  const open = store.page.levers.filter((lever) => !lever.closed && lever.target !== null);
  const boxes = open.map((lever) => {
    const cost = () => h("input", { type: "text", inputmode: "decimal", "aria-label": `Coût de la tonne, ${lever.label} (€/tCO₂e)`, placeholder: "€/tCO₂e" });
    const input = h("input", { type: "checkbox", value: lever.id, id: `copkit-compense-${lever.id}` });
    return { lever, input, make: cost, cost: null, element: h("div", { class: "ck-choice" }, input, h("label", { for: input.id }, lever.label)) };
  });
  const policies = store.page.policies.map((one) => [one.id, one.label]);
  let policy = policies[0][0];
  const rule = radios("Règle de partage", "regle", policies, policy, (id) => {
    policy = id;
    for (const box of boxes) {
      if (policy === "moindre_cout" && !box.cost) box.element.append(box.cost = box.make());
      if (box.cost) box.cost.hidden = policy !== "moindre_cout";
    }
  });
  const message = h("p", { role: "status" });
  const asks = table("Ce que chaque levier aurait à faire", [["Levier", false], [`Aujourd’hui (${KT})`, true], ["En plus", true],
    ["Ensuite", true], ["Quantité en 2030", true], ["Part de la référence", true]]);
  let proposed = null;
  const accept = button("Accepter cette compensation", () => {
    store.adopt(proposed);
    finish("Compensation acceptée : les objectifs sont repris dans votre scénario.");
  }, "ck-primary");
  const refuse = button("Ne pas la retenir", () => finish("Compensation abandonnée : rien n’a changé."));
  const result = h("div", { hidden: true }, asks.element, h("div", { class: "ck-actions" }, accept, refuse));
  const finish = (text) => { proposed = null; show(result, false); setText(message, french(text)); };
  const ask = button("Calculer la compensation", async () => {
    const chosen = boxes.filter((box) => box.input.checked);
    const costs = policy === "moindre_cout"
      ? Object.fromEntries(chosen.map((box) => [box.lever.id, parseNumber(box.cost.value)]).filter(([, cost]) => Number.isFinite(cost))) : null;
    const answer = await store.ask({ do: "compensate", using: chosen.map((box) => box.lever.id), policy, costs });
    setText(message, answer.ok ? answer.sentence : answer.message);
    show(result, answer.ok);
    if (!answer.ok) return;
    proposed = answer.state;
    asks.update(answer.asks.map((row) => [row.label, whole(row.kt_before), formatSigned(row.kt_more, 0), whole(row.kt_after),
      row.quantity_after === null ? "–" : `${formatQuantity(row.quantity_after)} ${row.unit}`,
      `${row.share === null ? UNKNOWN : `${whole(row.share)}${NARROW}%`}${row.binding ? " (borne atteinte)" : ""}`]));
  });
  const element = h("div", { class: "ck-panel" }, h("h3", {}, "Compenser"),
    h("p", {}, "Un effort moindre sur un levier se rattrape sur d’autres. Choisir lesquels, et comment ils se partagent le manque."),
    h("fieldset", {}, h("legend", {}, "Leviers qui compensent"), h("div", { class: "ck-columns" }, ...boxes.map((box) => box.element))),
    rule, ask, message, result);
  return { element, update() {} };
}

/** How likely the target is, given the stated uncertainties; only when asked for. */
function probability(store) {
  const message = h("p", { role: "status" });
  let asked = false;
  const ask = button("Calculer la probabilité", async () => {
    setText(message, "Calcul en cours…");
    const answer = await store.ask({ do: "probability" });
    setText(message, answer.ok ? answer.sentence : answer.message);
    asked = answer.ok;
  });
  /** A changed scenario takes its probability away. */
  const stale = () => {
    if (asked) setText(message, french("Le scénario a changé : calculer à nouveau."));
    asked = false;
  };
  const element = h("div", { class: "ck-panel" }, h("h3", {}, "Probabilité d’atteindre la référence"),
    h("p", {}, "Tirages au sort dans les incertitudes déclarées de chaque coefficient."), ask, message);
  return { element, stale, update() {} };
}
