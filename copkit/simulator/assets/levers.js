// The levers: what is done (step 3), what is proposed (step 4), and where each figure comes from.

const KT = "ktCO₂e/an";
const NARROW_SCREEN = matchMedia("(max-width: 759px)"); // groups of levers are closed there, to be opened one by one

/** « Pourquoi ce chiffre ? »: formula, coefficient, source and status of both figures of a lever. */
function whyPanel(page, lever) {
  const line = (name, value) => (value || value === 0 ? [h("dt", {}, name), h("dd", {}, String(value))] : []);
  const one = (title, why) => why && h("div", {},
    h("h5", {}, title),
    h("dl", {},
      line("Formule", why.formula),
      line("Coefficient", why.coefficient && `${formatQuantity(why.coefficient)} ${why.coefficient_unit ?? ""}`),
      line("Année", why.year),
      line("Source", why.source_title ?? why.source),
      line("Statut", page.status_labels[why.status] ?? why.status),
      (why.limits ?? []).flatMap((limit) => line("Limite", limit))));
  const key = () => lever.grade
    && h("p", {}, `Part du département : clé « ${lever.key_label} » (qualité ${lever.grade}).`);
  return lazyDetails("Pourquoi ce chiffre\u202f?", () => [
    one("Émissions évitées", lever.why?.kt), one(`Quantité${lever.unit ? ` (${lever.unit})` : ""}`, lever.why?.quantity), key()]);
}

/** A value as it stands in a field; nothing when unknown. */
const fieldText = (value, decimals) => (value === null ? "" : formatNumber(value, decimals));

/** A number field of a lever: what is typed goes to the state at once, an unreadable text stays and is explained. */
function numberField(id, label, unit, { described, onvalue, onempty }) {
  const input = h("input", {
    type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", id, "aria-describedby": described,
  });
  const unreadable = h("p", { class: "ck-error", id: `${id}-illisible`, hidden: true },
    NOT_A_NUMBER);
  const read = (final) => {
    const value = parseNumber(input.value);
    const wrong = Number.isNaN(value);
    show(unreadable, wrong);
    setAttribute(input, "aria-describedby", wrong ? `${unreadable.id} ${described}` : described);
    if (wrong) setAttribute(input, "aria-invalid", "true");
    else if (value === null) { if (final) onempty(); } else onvalue(value);
  };
  input.addEventListener("input", () => read(false));
  input.addEventListener("change", () => read(true));
  const element = h("div", { class: "ck-field ck-value" },
    h("label", { for: id }, label), h("span", { class: "ck-unit-box" }, input, h("span", { class: "ck-unit" }, unit)),
    unreadable);
  return { element, input, reset: () => show(unreadable, false) };
}

/** The part of a lever's row that both steps share: its name, its colour, its group. */
function leverRow(lever, step, ...children) {
  const id = `copkit-${step}-${lever.id}`;
  return h("div", { class: "ck-lever", role: "group", "aria-labelledby": `${id}-nom`, id, "data-lever": lever.id,
    style: { "--colour": lever.colour } }, h("h4", { id: `${id}-nom` }, `${lever.order} · ${lever.label}`), ...children);
}

/** Step 4: one lever, its two fields that give each other, its bound, its justification. */
class LeverEditor {
  constructor(store, lever) {
    this.lever = lever;
    this.store = store;
    const errorId = `copkit-proposer-${lever.id}-erreur`;
    const described = `${errorId} copkit-proposer-${lever.id}-reference`;
    this.error = h("p", { class: "ck-error", id: errorId });
    this.reference = h("p", { class: "ck-reference", id: `copkit-proposer-${lever.id}-reference` }, ...this.referenceText());
    this.badge = h("span", { class: "ck-badge", hidden: true }, "À justifier");
    this.element = leverRow(lever, "proposer", this.reference,
      lever.closed ? this.closedNote() : this.fields(described), this.error, this.more());
    this.element.addEventListener("focusin", () => store.focus(lever.id));
  }

  referenceText() {
    const { lever } = this;
    const target = lever.target === null || lever.shown === false ? (lever.shown === false ? "?" : UNKNOWN)
      : formatNumber(lever.target, lever.decimals_kt);
    const at = (value, year) => (value === null ? null : `${formatNumber(value, lever.decimals_quantity)} en ${year}`);
    const both = [at(lever.start, 2019), at(lever.limit.quantity, 2030)].filter(Boolean).join(" → ");
    return [h("span", {}, `Référence SGPE\u00a0: ${target} ${KT}`),
      lever.translated && both && h("span", {}, `${capital(lever.quantity_label)} (${lever.unit})\u00a0: ${both}`)].filter(Boolean);
  }

  closedNote() {
    return h("p", { class: "ck-closed" }, `Levier fermé\u00a0: ${this.lever.closed}`);
  }

  fields(described) {
    const { lever, store } = this;
    const set = (unit) => (value) => store.setLever(lever.id, { value, unit });
    const onempty = () => store.setLever(lever.id, { value: null });
    this.kt = numberField(`copkit-kt-${lever.id}`, [hidden(`${lever.label}\u00a0: `), "Émissions évitées en 2030"], KT,
      { described, onvalue: set("ktco2e"), onempty });
    this.quantity = lever.translated ? numberField(`copkit-q-${lever.id}`,
      [hidden(`${lever.label}\u00a0: `), "Quantité en 2030"], lever.unit, { described, onvalue: set("quantity"), onempty }) : null;
    const top = Math.min(lever.limit.kt_max ?? Infinity, 2 * (lever.target ?? 0)) || 1;
    // the slider repeats the field for the mouse; the keyboard has the field
    this.slider = h("input", { type: "range", min: 0, max: top, step: top / 200, tabindex: "-1", "aria-hidden": "true" });
    this.slider.addEventListener("input", () => {
      store.focus(lever.id);
      store.setLever(lever.id, { value: Number(this.slider.value), unit: "ktco2e" });
    });
    this.back = button("Revenir à la référence", () => store.setLever(lever.id, { value: null }), "ck-small");
    this.back.append(hidden(` pour ${lever.label}`));
    const untranslated = this.quantity ? null : h("p", { class: "ck-note" }, "Pas d’équivalent en quantité pour ce levier.");
    return h("div", { class: "ck-fields" }, this.kt.element, this.quantity?.element ?? untranslated, this.slider,
      h("div", { class: "ck-state" }, this.badge, this.back));
  }

  more() {
    const { lever, store } = this;
    const text = (name, label) => {
      const input = h(name === "why" ? "textarea" : "input", { maxlength: 1000, rows: name === "why" ? 3 : null, type: name === "why" ? null : "text" });
      input.addEventListener("input", () => store.setLever(lever.id, { [name]: input.value }));
      this[`${name}Field`] = input;
      return field([label, hidden(` – ${lever.label}`)], input);
    };
    const make = () => {
      const said = [lever.rationale, lever.comment, lever.observed?.sentence].filter(Boolean).map((one) => h("p", {}, one));
      const range = lever.range && !lever.closed ? h("p", {}, `Valeurs possibles\u00a0: ${lever.range}`) : null;
      const justification = lever.closed ? null
        : h("fieldset", {}, h("legend", {}, "Justification d’un objectif différent"),
          text("why", "Pourquoi cet objectif"), text("source", "Source ou donnée utilisée"));
      this.fillTexts(store.state.levers[lever.id]);
      return [hidden(` – ${lever.label}`), range, ...said, justification];
    };
    return h("div", { class: "ck-more" }, lazyDetails("Détails et justification", make), whyPanel(store.page, lever));
  }

  fillTexts(entry) {
    if (!this.whyField) return; // not opened yet, or closed
    setField(this.whyField, entry?.why ?? "");
    setField(this.sourceField, entry?.source ?? "");
  }

  update(view, state) {
    const { lever } = this;
    const now = view.levers[lever.id];
    if (!now) return;
    setText(this.error, now.error ?? "");
    this.element.classList.toggle("ck-changed", Boolean(now.changed));
    show(this.badge, now.changed && !now.justified);
    if (this.kt) {
      const entry = state.levers[lever.id];
      this.fill(this.kt, now, entry, "ktco2e", fieldText(now.kt, lever.decimals_kt));
      if (this.quantity) this.fill(this.quantity, now, entry, "quantity", fieldText(now.quantity, lever.decimals_quantity));
      if (document.activeElement !== this.slider) this.slider.value = now.kt ?? 0;
      show(this.back, Boolean(now.changed || now.error));
      this.fillTexts(entry);
    }
  }

  /** A refused entry stays in its field beside its message, until it is corrected. */
  fill(box, now, entry, unit, text) {
    const refused = Boolean(now.error) && entry?.unit === unit && entry?.value !== null;
    if (!refused) { setField(box.input, text); if (document.activeElement !== box.input) box.reset(); }
    if (!Number.isNaN(parseNumber(box.input.value))) setAttribute(box.input, "aria-invalid", refused ? "true" : null);
  }
}

/** Step 3: what a lever has already done since 2019. */
class DoneEditor {
  constructor(store, lever) {
    this.lever = lever;
    const errorId = `copkit-fait-${lever.id}-erreur`;
    this.error = h("p", { class: "ck-error", id: errorId });
    this.bar = h("span", { class: "ck-bar-done" });
    this.rest = h("p", { class: "ck-rest" });
    this.box = lever.closed ? null : numberField(`copkit-d-${lever.id}`,
      [hidden(`${lever.label}\u00a0: `), "Déjà fait depuis 2019"], KT, {
        described: errorId,
        onvalue: (done) => store.setLever(lever.id, { done }),
        onempty: () => store.setLever(lever.id, { done: 0 }),
      });
    this.element = leverRow(lever, "fait", h("div", { class: "ck-track", "aria-hidden": "true" }, this.bar),
      this.rest, this.box?.element ?? h("p", { class: "ck-closed" }, `Levier fermé\u00a0: ${lever.closed}`), this.error);
  }

  update(view, state) {
    const now = view.levers[this.lever.id];
    if (!now) return;
    const { lever } = this;
    const share = now.kt > 0 ? Math.min(1, Math.max(0, (now.done_kt ?? 0) / now.kt)) : 0;
    this.bar.style.setProperty("inline-size", `${100 * share}%`);
    const kt = (value) => formatNumber(value, lever.decimals_kt);
    setText(this.rest, lever.shown === false ? "Compté dans les totaux" : `Reste ${kt(now.remaining_kt)} sur ${kt(now.kt)} ${KT}`);
    setText(this.error, now.done_error ?? "");
    if (!this.box) return;
    if (!now.done_error) setField(this.box.input, now.done_kt ? fieldText(now.done_kt, lever.decimals_kt) : "0");
    setAttribute(this.box.input, "aria-invalid", now.done_error ? "true" : null);
  }
}

/** The rows of a step, under the name of each thématique; the filter hides what it leaves out. */
function leverList(store, Editor) {
  const editors = store.page.levers.map((lever) => new Editor(store, lever));
  const groups = store.page.thematiques.map((one) => {
    const inside = editors.filter((editor) => editor.lever.thematique === one.id);
    const element = h("details", { class: "ck-group", open: !NARROW_SCREEN.matches },
      h("summary", {}, h("h3", {}, one.label)), ...inside.map((editor) => editor.element));
    return { inside, element };
  }).filter((group) => group.inside.length);
  for (const editor of editors) {
    for (const name of ["input", "change", "focusout"]) editor.element.addEventListener(name, () => { editor.seen = null; });
  }
  const none = h("p", { hidden: true }, "Aucun levier ne correspond au filtre de l’étape 2.");
  const update = (view, state) => {
    for (const { inside, element } of groups) {
      for (const editor of inside) {
        show(editor.element, kept(editor.lever, state.filter));
        if (unchanged(editor, view, state)) continue;
        editor.update(view, state);
      }
      show(element, inside.some((editor) => !editor.element.hidden));
    }
    show(none, groups.every((group) => group.element.hidden));
  };
  return { element: h("div", { class: "ck-levers" }, ...groups.map((group) => group.element), none), update };
}

/** Whether what an editor shows is what it showed, and nobody typed in it since. */
function unchanged(editor, view, state) {
  const { id } = editor.lever;
  const now = JSON.stringify([view.levers[id], state.levers[id]]);
  if (editor.seen === now) return true;
  editor.seen = now;
  return false;
}

function kept(lever, filter) {
  return (!filter.thematique || lever.thematique === filter.thematique)
    && (!filter.enjeu || lever.enjeux.includes(filter.enjeu));
}
