// The panorama that fills like a gauge, the gauge of a group, the way of a lever to 2030.

const SVG = "http://www.w3.org/2000/svg";
const KT = "ktCO₂e/an";
const TINY = 12; // the least width of a number in a tile [px]

function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Parts of a target: done, then proposed, then what lacks; in % of the larger of the reference and the proposal. */
function gaugeParts({ reference, proposed, done }) {
  const most = Math.max(reference, proposed, 1e-9);
  const part = (value) => 100 * Math.min(1, Math.max(0, (value || 0) / most));
  return { done: part(Math.min(done, proposed)), proposed: part(proposed), reference: part(reference) };
}

/** A gauge to its own scale. */
function bar() {
  const [filled, done, mark] = ["ck-filled", "ck-done", "ck-mark"].map((name) => h("span", { class: name }));
  const element = h("span", { class: "ck-gauge", "aria-hidden": "true" }, filled, done, mark);
  const update = (figures) => {
    const parts = gaugeParts(figures);
    filled.style.setProperty("inline-size", `${parts.proposed}%`);
    done.style.setProperty("inline-size", `${parts.done}%`);
    mark.style.setProperty("inset-inline-start", `calc(${parts.reference}% - 2px)`);
  };
  return { element, update };
}

const FIGURES = [null, "done_kt", "remaining_kt", "kt"]; // what a step of the meeting shows of a lever

/** The tiles: their surface is their reference; each fills up to what is done, then to what is proposed. */
function panorama(store) {
  const { page } = store;
  const host = h("div", { class: "ck-tiles", role: "group", "aria-label": `Panorama des leviers, ${page.territory.name}\u00a0: une tuile par levier, les flèches vont de l’une à l’autre` });
  const key = h("ol", { class: "ck-key", "aria-label": "Les tuiles trop petites pour leur nom" });
  const heads = h("div", { class: "ck-heads", "aria-hidden": "true" });
  const element = h("div", { class: "ck-panorama" }, heads, host, key);
  let [tiles, drawn] = [new Map(), ""];

  const make = (vision) => {
    const layout = page.panorama[vision];
    tiles = new Map(layout.tiles.map((place) => {
      const lever = store.lever(place.lever);
      const [fill, done, words] = ["ck-tile-fill", "ck-tile-done", "ck-tile-words"].map((name) => h("span", { class: name, "aria-hidden": "true" }));
      const said = hidden();
      const button = h("button", { type: "button", class: `ck-tile ck-${lever.thematique}`, tabindex: "-1", "data-lever": lever.id,
        onclick: () => store.open(lever.id) }, fill, done, words, said);
      for (const [side, value] of [["left", place.x], ["top", place.y], ["width", place.x2 - place.x], ["height", place.y2 - place.y]]) {
        button.style.setProperty(side, `${value}%`);
      }
      return [lever.id, { button, fill, done, words, said, place, lever }];
    }));
    [...tiles.values()][0]?.button.setAttribute("tabindex", "0");
    host.replaceChildren(...[...tiles.values()].map((tile) => tile.button));
  };
  host.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const list = [...tiles.values()].map((tile) => tile.button);
    const next = list[(list.indexOf(document.activeElement) + step + list.length) % list.length];
    for (const one of list) one.setAttribute("tabindex", one === next ? "0" : "-1");
    next.focus();
  });

  /** The words of each tile for its size: its name and figure, its name, its number; the key names the others. */
  const label = (width, height) => {
    const small = [];
    for (const { lever, words, place, button } of tiles.values()) {
      const [wide, high] = [(width * (place.x2 - place.x)) / 100 - 10, (height * (place.y2 - place.y)) / 100 - 6];
      const lines = wrapped(lever.label, wide);
      const full = lines && high >= 15 * (lines.length + 1);
      const named = full || (lines && high >= 15 * lines.length);
      words.dataset.words = full ? "full" : named ? "name" : wide > TINY - 4 && high > TINY - 4 ? "number" : "none";
      button.title = named ? "" : lever.label;
      if (!named) small.push(lever);
    }
    key.replaceChildren(...small.map((lever) => h("li", {}, h("button", { type: "button", class: "ck-link-button", onclick: () => store.open(lever.id) },
      h("b", {}, String(lever.order)), ` ${lever.label} `, h("span", { "data-figure": lever.id })))));
    show(key, small.length > 0);
  };
  const measure = () => {
    const box = host.getBoundingClientRect();
    if (box.width) label(box.width, box.height);
    write();
  };
  const write = () => {
    const { view, state } = store;
    const blank = store.blank();
    for (const { lever, fill, done, words, said, button } of tiles.values()) {
      const { kt, done_kt: made, remaining_kt: left, deficit } = view.levers[lever.id];
      const target = lever.target || 1e-9;
      const share = (value) => `${100 * Math.min(1, Math.max(0, value / target))}%`;
      fill.style.setProperty("block-size", share(state.step === 3 ? kt : made));
      done.style.setProperty("block-size", share(made));
      const figure = !lever.shown ? "?" : store.kt(lever, [0, blank ? lever.target : store.today(lever.id), left, kt][Math.min(state.step, 3)], 0);
      const lines = { full: `${lever.label}\n${figure}`, name: lever.label, number: String(lever.order), none: "" };
      setText(words, lines[words.dataset.words ?? "none"]);
      const [today, proposed, reference] = [store.today(lever.id), kt, lever.target].map((value) => store.kt(lever, value, 0));
      setText(said, `${lever.label}\u00a0: ${lever.shown ? `${today} déjà faits, ${proposed} proposés sur ${reference} ${KT}` : "référence non affichée"}`);
      button.classList.toggle("ck-below", deficit > 0 && view.levers[lever.id].changed);
      button.classList.toggle("ck-out", !listed(store, lever));
      setAttribute(button, "aria-pressed", state.focus === lever.id ? "true" : null);
      const small = key.querySelector(`[data-figure="${lever.id}"]`);
      if (small) setText(small, figure);
    }
  };
  new ResizeObserver(measure).observe(host);
  const update = () => {
    const { state } = store;
    if (drawn !== state.vision) { drawn = state.vision; make(state.vision); measure(); } else write();
    const groups = new Map((state.vision === "thematiques" ? page.thematiques : page.sectors).map((one) => [one.id, one.label]));
    const [which, figure] = [state.vision === "thematiques" ? "thematique" : "sector", FIGURES[Math.min(state.step, 3)]];
    const within = (id) => page.levers.filter((lever) => lever[which] === id && lever.id !== page.forest_lever);
    const reference = (id) => within(id).reduce((all, lever) => all + (lever.target || 0), 0);
    const total = (id) => {
      if (state.step === 1 && store.blank()) return reference(id);
      if (state.step === 1 && !within(id).some((lever) => store.knows(lever.id))) return NaN;
      return within(id).reduce((all, lever) => all + (store.view.levers[lever.id][figure] || 0), 0);
    };
    const ordered = page.panorama[state.vision].heads;
    heads.replaceChildren(...ordered.map((head) => h("span", { class: `ck-${head.id}` }, `${groups.get(head.id)}\u00a0: ${store.sum(total(head.id), reference(head.id))}`)));
  };
  return { element, update, print: (on) => (on ? (label(1000, 230), write()) : measure()) };
}

const RULER = document.createElement("canvas").getContext("2d");

/** The lines of a text in a width at 12 px; null when a word does not fit. */
function wrapped(text, width) {
  RULER.font = "12.5px Arial, sans-serif";
  const lines = [""];
  for (const word of text.split(" ")) {
    if (RULER.measureText(word).width > width) return null;
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (RULER.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A lever over time: what was observed, the way to its reference and to its proposal. */
function trajectory(store, lever) {
  const host = h("div", { class: "ck-chart", role: "img" });
  const sentence = h("p", {});
  const update = () => {
    const [now, seen, limit] = [store.view.levers[lever.id], lever.observed, lever.limit];
    const translated = limit.translated && now.quantity !== null;
    const unit = seen && !seen.converted ? seen.unit : translated ? lever.unit : KT;
    const points = seen && (!seen.converted || translated) ? seen.points : [];
    const start = translated ? limit.start : 0;
    const origin = seen?.converted && translated && points.length ? points.at(-1) : [2019, start];
    const ends = translated ? [limit.quantity, now.quantity] : [lever.target, now.kt];
    const paces = seen && !seen.converted ? [] : [["référence", [2019, start], [2030, ends[0]]], ["proposé", origin, [2030, ends[1]]]]
      .filter(([, from, to]) => from[1] !== null && to[1] !== null);
    setText(sentence, seen?.sentence ?? "Aucune série observée pour ce levier dans ce territoire.");
    const values = [...points.map(([, value]) => value), ...paces.flatMap(([, ...line]) => line.map(([, value]) => value))];
    if (!values.length) { host.replaceChildren(); return; }
    setAttribute(host, "aria-label", `${lever.label}, ${unit}\u00a0: ${points.map(([year, value]) => `${formatQuantity(value)} en ${year}`).join(", ")}${paces.map(([name, , to]) => ` ; ${name} ${formatQuantity(to[1])} en 2030`).join("")}`);
    host.replaceChildren(drawnTrajectory(points, paces, unit, values));
  };
  return { element: h("div", {}, sentence, host), update };
}

function drawnTrajectory(points, paces, unit, values) {
  const [width, height, left, right, top, bottom] = [440, 210, 58, 82, 22, 24];
  const [low, high] = [Math.min(0, ...values), Math.max(...values) || 1];
  const years = [...points.map(([year]) => year), 2019, 2030];
  const [first, last] = [Math.min(...years), Math.max(...years)];
  const x = (year) => left + ((year - first) / (last - first)) * (width - left - right);
  const y = (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
  const text = (at, words, more = {}) => svg("text", { x: at[0], y: at[1], ...more }, words);
  const ticks = [low, (low + high) / 2, high];
  const grid = ticks.flatMap((value) => [svg("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: "ck-grid" }),
    text([left - 6, y(value) + 4], formatQuantity(value), { "text-anchor": "end" })]);
  const axis = [first, 2019, 2030].filter((year, i, all) => all.indexOf(year) === i).map((year) => text([x(year), height - 6], String(year), { "text-anchor": "middle" }));
  const ends = paces.map(([name, , to]) => [name, y(to[1])]);
  if (ends.length === 2 && Math.abs(ends[0][1] - ends[1][1]) < 15) {
    const up = ends[0][1] <= ends[1][1] ? 0 : 1;
    ends[up][1] -= 8;
    ends[1 - up][1] += 8;
  }
  const lines = paces.map(([name, from, to]) => svg("line", { x1: x(from[0]), y1: y(from[1]), x2: x(to[0]), y2: y(to[1]), class: name === "référence" ? "ck-way-reference" : "ck-way" }));
  const names = ends.map(([name, at]) => text([width - right + 6, at + 4], name, { "font-weight": name === "proposé" ? "bold" : "normal" }));
  const dots = points.map(([year, value]) => svg("circle", { cx: x(year), cy: y(value), r: 4, class: "ck-dot" }));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, text([0, 12], unit), ...grid, ...axis, ...lines, ...dots, ...names);
}
