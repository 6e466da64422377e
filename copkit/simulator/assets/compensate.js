// The panel where a lesser effort is made up for: which levers, how they share, what that asks, what is doubtful.

function compensatePanel(store) {
  const { page } = store;
  const limits = limitsOf(page);
  const title = h("h2", { tabindex: "-1" }, "Compenser");
  const gap = h("p", { class: "ck-lead" });
  const boxes = page.levers.filter((lever) => !lever.closed && lever.target !== null).map((lever) => {
    const input = h("input", { type: "checkbox", value: lever.id, id: `copkit-compense-${lever.id}` });
    const margin = h("span", { class: "ck-note" });
    const element = h("li", { class: `ck-choice ck-${lever.thematique}` }, input, h("label", { for: input.id }, lever.label), margin);
    return { lever, input, margin, element, cost: null };
  });
  const choose = (test) => () => { for (const box of boxes) box.input.checked = test(box.lever); };
  const below = () => new Set(page.levers.filter((lever) => store.view.levers[lever.id].changed && store.view.levers[lever.id].deficit > 0).map((lever) => lever.id));
  const sectors = () => new Set([...below()].map((id) => store.lever(id).sector));
  let policy = page.policies[0].id;
  const rule = radios("Règle de partage", "regle", page.policies.map((one) => [one.id, one.label]), policy, (id) => {
    policy = id;
    for (const box of boxes) {
      if (id === "moindre_cout" && !box.cost) box.element.append(box.cost = h("input", { type: "text", inputmode: "decimal", class: "ck-cost", "aria-label": `Coût de la tonne, ${box.lever.label} (€/tCO₂e)`, placeholder: "€/tCO₂e" }));
      if (box.cost) show(box.cost, id === "moindre_cout");
    }
  });
  const message = h("p", { role: "status" });
  const doubts = h("ul", { class: "ck-doubts" });
  const asks = table("Ce que chaque levier aurait à faire", [["Levier", false], ["En plus", true], [`Ensuite (${KT})`, true], ["Quantité en 2030", true], ["Part de la référence", true], ["Marge restante", true]]);
  let proposed = null;
  const accept = button("Accepter", () => {
    const { levers } = proposed;
    finish(french("Compensation reprise dans le scénario ; « Annuler » revient en arrière."));
    store.change((state) => { state.levers = structuredClone(levers); state.step = 3; });
  }, "ck-primary");
  const refuse = button("Ne pas la retenir", () => finish(french("Compensation abandonnée : rien n’a changé.")));
  const result = h("div", { class: "ck-result", hidden: true }, doubts, asks.element, h("div", { class: "ck-row" }, accept, refuse));
  const finish = (text) => { proposed = null; show(result, false); setText(message, text); };
  const ask = button("Calculer", () => {
    const chosen = boxes.filter((box) => box.input.checked);
    if (!chosen.length) { finish(french("Aucun levier choisi : en cocher au moins un.")); return; }
    const costs = policy === "moindre_cout" ? Object.fromEntries(chosen.map((box) => [box.lever.id, parseNumber(box.cost.value) ?? NaN])) : {};
    const absent = policy === "moindre_cout" ? chosen.filter((box) => !Number.isFinite(costs[box.lever.id])) : [];
    if (absent.length) { finish(french(`Coût absent pour ${joined(absent.map((box) => box.lever.label))} : aucun n’est supposé ici. L’écrire à côté du levier.`)); return; }
    const found = compensate(page, store.entered, { using: chosen.map((box) => box.lever.id), policy, costs });
    setText(message, found.sentence);
    setAttribute(message, "data-status", found.feasible && !found.doubtful.length ? "met" : "doubtful");
    if (!(found.gap > 0)) { show(result, false); return; }
    proposed = found;
    show(result, true);
    show(doubts, found.doubtful.length > 0);
    doubts.replaceChildren(...found.doubtful.map((text) => h("li", {}, text)));
    const kt = (row, value) => store.kt(store.lever(row.lever), value, 0);
    asks.update(found.asks.map((row) => [row.label, withSign(row.kt_more, kt(row, row.kt_more)), kt(row, row.kt_after),
      row.quantity_after === null ? "–" : `${store.quantity(store.lever(row.lever), row.quantity_after)} ${row.unit}`,
      row.share === null ? UNKNOWN : `${whole(row.share)}${NARROW}%`, row.margin === null ? "sans borne" : kt(row, row.margin)]));
  }, "ck-primary");
  const element = h("div", { class: "ck-panel-body" }, title, gap,
    h("fieldset", { class: "ck-both" }, h("legend", {}, "Leviers qui compensent"),
      h("div", { class: "ck-row" }, button("Mêmes secteurs", choose((lever) => sectors().has(lever.sector) && !below().has(lever.id)), "ck-small"),
        button("Tous les autres", choose((lever) => !below().has(lever.id)), "ck-small"), button("Aucun", choose(() => false), "ck-small")),
      h("ul", { class: "ck-boxes" }, ...boxes.map((box) => box.element))),
    rule, h("div", { class: "ck-row" }, ask), message, result);
  let before = "";
  const update = () => {
    const { without_forest: total } = store.view.totals;
    const lack = Math.max(0, total.net ?? 0);
    setText(gap, lack ? `Manque ${store.lack(lack, 1)} ${KT}, hors forêt.` : french("Rien à compenser : le scénario atteint la référence."));
    for (const { lever, margin } of boxes) {
      const left = limits.get(lever.id).kt_max - store.view.levers[lever.id].kt;
      setText(margin, Number.isFinite(left) ? `marge ${store.kt(lever, Math.max(left, 0), 0)}` : "sans borne");
    }
    const now = JSON.stringify(store.state.levers);
    if (now !== before && proposed) finish(french("Le scénario a changé : calculer à nouveau."));
    before = now;
  };
  return { element, title, first: () => boxes[0].input, update };
}
