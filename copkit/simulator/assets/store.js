// What the visitor entered, its past, and what it amounts to: computed here, so that nothing waits for a server.

class Store {
  /** `host`: { kind, page, state, notes, ask, save }; `ask` is null where there is no Python behind. */
  constructor(host) {
    this.host = host;
    this.page = host.page;
    this.past = [];
    this.parked = new Map(); // lever → the entry that a switch has put aside
    this.notes = host.notes;
    this.since = host.since ?? host.state.version; // the version of the data that the link was made on
    this.brought = host.brought; // a link brought a result: it is shown first
    this.sector = ""; // only the levers of a sector are listed
    this.onlook = () => {};
    this.state = structuredClone(host.state);
    this.look();
    this.send = eachFrame(() => {
      this.look();
      this.onlook();
      host.save?.(this.state);
    });
  }

  look() {
    const { accepted, ...view } = follow(this.page, this.state, this.accepted);
    this.accepted = accepted;
    this.view = view;
    this.entered = { ...this.state, levers: accepted };
  }

  lever(id) {
    return this.page.levers.find((lever) => lever.id === id);
  }

  /** What is already done of a lever: entered, else observed even where it went the other way; unknown otherwise. [kt] */
  today(id) {
    const [{ done }, { done_kt: entered }] = [this.lever(id), this.view.levers[id]];
    return entered || (done ? Math.min(done.reached, 0) : NaN);
  }

  /** An effort of a lever, to the last place that its reference is worth. */
  kt(lever, value, decimals = 1) {
    return formatStep(value, stepOf(lever.target, lever.figures), decimals);
  }

  /** Its distance to the reference. */
  away(lever, { kt }, decimals = 1) {
    return withSign(kt - lever.target, this.kt(lever, kt - lever.target, decimals));
  }

  /** A quantity of a lever, with as many figures as it is worth. */
  quantity(lever, value) {
    return lever.shared_out ? formatStep(value, stepOf(value, 2, 3)) : formatQuantity(value);
  }

  /** A target in both units; what was typed, as it was. */
  both(lever, { kt, quantity }, entry) {
    const typed = (unit) => entry && entry.value !== null && entry.unit === unit;
    const first = `${typed("ktco2e") ? formatNumber(kt) : this.kt(lever, kt)} ${KT}`;
    if (!lever.translated || quantity === null) return first;
    return `${first}, soit ${typed("quantity") ? formatQuantity(quantity) : this.quantity(lever, quantity)} ${lever.unit}`;
  }

  /** A sum of levers, to the last place that its reference is worth. */
  sum(value, reference = this.view.gauge.total.reference) {
    return formatStep(value, stepOf(reference, this.page.figures), 0);
  }

  /** What levers lack or exceed together, no finer than each of those that changed is worth. */
  lack(value, decimals = 0) {
    const steps = this.page.levers.filter((lever) => this.view.levers[lever.id].changed).map((lever) => stepOf(lever.target, lever.figures));
    return formatStep(value, Math.max(0, ...steps), decimals);
  }

  knows(id) {
    return !Number.isNaN(this.today(id));
  }

  /** Nothing is known of what is done: figures of today would all be unknown, those of the reference are shown. */
  blank() {
    return !this.page.levers.some((lever) => this.knows(lever.id));
  }

  /** Changes the state; changes of the same thing that follow closely are one step of the past. */
  change(edit, what = "") {
    const before = JSON.stringify(this.state);
    edit(this.state);
    if (JSON.stringify(this.state) === before) return;
    const now = Date.now();
    if (!what || what !== this.lastWhat || now - this.lastTime > 1500) this.past.push(before);
    if (this.past.length > 200) this.past.shift();
    [this.lastWhat, this.lastTime] = [what, now];
    this.send();
  }

  setLever(id, values, parked = null) {
    if (parked) this.parked.set(id, parked);
    else this.parked.delete(id);
    this.change((state) => {
      const entry = { ...NO_ENTRY, ...state.levers[id], ...values };
      if (entry.value === null && !entry.done && !entry.why && !entry.source) delete state.levers[id];
      else state.levers[id] = entry;
    }, `${id} ${Object.keys(values)} ${values.unit}`);
  }

  /** Between what was entered for a lever and its reference, there and back. */
  toggle(id) {
    const parked = this.parked.get(id);
    const { value, unit } = this.state.levers[id] ?? NO_ENTRY;
    this.setLever(id, parked ?? { value: null }, parked ? null : { value, unit });
  }

  /** What is looked at, and is no entry: not undone. */
  glance(edit) {
    edit(this.state, this);
    this.send();
  }

  undo() {
    if (!this.past.length) return;
    const { focus, step } = this.state;
    this.state = { ...JSON.parse(this.past.pop()), focus, step };
    this.lastWhat = null;
    this.parked.clear();
    this.send();
  }

  /** One question to Python: the answer, {ok, message, …}; what was entered stays here whatever happens. */
  async ask(request) {
    if (!this.host.ask) return { ok: false, message: french("Ce calcul se fait dans le simulateur en ligne : ouvrir le lien de ce scénario.") };
    try {
      return await this.host.ask({ ...request, state: this.entered });
    } catch {
      return { ok: false, message: french("Le serveur ne répond pas : la page continue sans lui, rien n’est perdu. Réessayer dans un instant.") };
    }
  }
}
