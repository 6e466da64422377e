// One Vega view per chart, made once; each answer of the server patches its data.

let runtimePromise = null;

/** The Vega runtime: a file of the server under Voilà, a text that came with the page in JupyterLab. */
function loadRuntime(address) {
  if (!runtimePromise) {
    const text = globalThis.copkitRuntime;
    const url = address
      ? new URL(address, document.baseURI).href
      : URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    runtimePromise = import(url);
    runtimePromise.catch(() => { runtimePromise = null; });
  }
  return runtimePromise;
}

class LiveChart {
  /** `spec` names its datasets; `onclick(datum)` receives the row of a clicked mark; `fit`: as wide as its host. */
  constructor(host, address, spec, { onclick = null, fit = false } = {}) {
    this.host = host;
    this.rows = {};
    this.drawn = {};
    this.ready = this.embed(address, fit ? { ...spec, width: 320, autosize: { type: "fit", contains: "padding" } } : spec, onclick).catch((error) => {
      console.error(error);
      host.textContent = "Le graphique ne peut pas être dessiné ici ; le tableau donne les mêmes chiffres.";
    });
  }

  async embed(address, spec, onclick) {
    const { vegaEmbed } = await loadRuntime(address);
    // ast: expressions are interpreted, not compiled, so that the page needs no 'unsafe-eval'.
    const options = { ast: true, actions: false, renderer: "svg", tooltip: { theme: "custom" } };
    const filled = { ...spec, datasets: { ...spec.datasets, ...this.rows } };
    this.drawn = { ...this.rows };
    this.host.replaceChildren();
    const { view } = await vegaEmbed(this.host, filled, options);
    this.view = view;
    this.host.querySelector("svg")?.setAttribute("aria-hidden", "true"); // the host says what it shows
    if (onclick) view.addEventListener("click", (event, item) => item?.datum && onclick(item.datum));
    if (spec.autosize) {
      this.observer = new ResizeObserver(() => this.host.clientWidth && view.width(Math.max(240, this.host.clientWidth - 4)).runAsync());
      this.observer.observe(this.host);
    }
    await this.patch();
  }

  update(rows) {
    this.rows = { ...this.rows, ...rows };
    return this.view ? this.patch() : this.ready;
  }

  async patch() {
    let changed = false;
    for (const [name, rows] of Object.entries(this.rows)) {
      if (this.drawn[name] === rows) continue;
      // vega-embed marks the rows it receives: give it copies
      this.view.data(name, rows.map((row) => ({ ...row })));
      this.drawn[name] = rows;
      changed = true;
    }
    if (changed) await this.view.runAsync();
  }

  finalize() {
    this.observer?.disconnect();
    this.view?.finalize();
  }
}
