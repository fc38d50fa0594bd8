/*
 * The page on which the figures are played without slides: docs/play.html, for a telephone or a wide window. Each figure
 * has goals (goals.js), the steps taken so far in one column for each process, and motion for readers who do not mind it.
 * The hash is the place: #handshake, or #handshake&goal=2&run=wf.
 */
import { linkText, runLetters, settingsFrom, stepOf } from './core.js';
import { goals } from './goals.js';
import { element, Figure, keepKeys, show } from './view.js';

const MOTION = 350; // milliseconds
const DONE = 'shmlab-play'; // the goals that were reached, in the browser's storage

const stored = () => {
  try {
    return new Set(JSON.parse(localStorage.getItem(DONE) ?? '[]'));
  } catch {
    return new Set(); // a page without storage, or what another page left there
  }
};

const store = (done) => {
  try {
    localStorage.setItem(DONE, JSON.stringify([...done]));
  } catch {
    // then the next visit begins with no goal reached
  }
};

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
const several = (many) => `${many} ${many === 1 ? 'step' : 'steps'}`;

// Long code may be broken after a parenthesis, where a narrow window has no room for it.
const breakable = (code) => code.split(/(?<=[(>](?=[&\w]))/).flatMap((part, at) => (at === 0 ? [part] : [document.createElement('wbr'), part]));

class Player extends Figure {
  build() {
    super.build();
    this.levels = goals[this.model.name].levels;
    this.goal = 0;
    this.goalButtons = this.levels.map((_, at) => element('button', { type: 'button', onclick: () => this.enter(at) }));
    this.task = element('p', { class: 'task' });
    this.won = element('p', { class: 'won' });
    this.trail = element('table', { class: 'trail' });
    this.box.querySelector('figcaption').after(element('div', { class: 'goals', role: 'group', 'aria-label': 'Goals' }, ...this.goalButtons), this.task);
    this.live.prepend(this.won);
    this.box.append(this.trail);
  }

  /** Begin with a goal: its settings, and the steps that it opens with. */
  enter(at) {
    this.pause();
    this.goal = at;
    const { settings, run } = this.levels[at];
    this.box.dataset.opens = linkText(this.model, settingsFrom(this.model, settings), runLetters(run), null);
    this.open(new URLSearchParams(this.box.dataset.opens));
    this.changed();
  }

  /** The state that the page's address names; a place that makes no sense is the goal's beginning. */
  visit(parameters) {
    const number = Number(parameters.get('goal') ?? 1);
    this.enter(Number.isInteger(number) && number >= 1 && number <= this.levels.length ? number - 1 : 0);
    if (![...parameters.keys()].some((name) => !['figure', 'goal'].includes(name))) return;
    try {
      this.open(parameters);
    } catch {
      this.enter(this.goal);
      return;
    }
    if (parameters.has('order')) this.asked = true; // members were moved: the question is over
    this.draw();
  }

  /** Back to the goal's own beginning, which may be after some steps. */
  reset() {
    this.enter(this.goal);
    (this.asked ? this.steps : this.predict).querySelector('button')?.focus();
  }

  restart() {
    super.restart();
    this.reachedAt = null;
  }

  draw() {
    super.draw();
    for (const code of this.programs.querySelectorAll('code')) code.replaceChildren(...breakable(code.textContent));
    this.drawGoal();
    this.drawTrail();
  }

  drawPicture() {
    if (still() || this.box.offsetParent === null) {
      super.drawPicture();
      return;
    }
    const before = new Map([...this.picture.querySelectorAll('[data-key]')].map((part) => [part.dataset.key, part.getBBox()]));
    super.drawPicture();
    if (before.size === 0) return;
    for (const part of this.picture.querySelectorAll('[data-key]')) {
      const from = before.get(part.dataset.key) ?? before.get(part.dataset.from);
      if (from === undefined) {
        part.animate({ opacity: [0, 1] }, MOTION);
        continue;
      }
      const to = part.getBBox();
      const [x, y] = [from.x - to.x, from.y - to.y];
      if (x !== 0 || y !== 0) part.animate({ transform: [`translate(${x}px, ${y}px)`, 'none'] }, { duration: MOTION, easing: 'ease-out' });
    }
  }

  /* --- goals --- */

  isFree() {
    const { settings } = this.levels[this.goal];
    return Object.entries(settings).some(([name, value]) => name !== 'byte' && this.settings[name] !== value);
  }

  /** How many steps were taken since the goal's beginning. */
  taken() {
    return this.past.slice(1, this.at + 1).filter(({ id, label }) => id !== undefined || label !== undefined).length - runLetters(this.levels[this.goal].run).length;
  }

  drawGoal() {
    const { task, reached, least } = this.levels[this.goal];
    const free = this.isFree();
    const done = stored();
    const name = (at) => `${this.model.name} ${at + 1}`;
    if (!free && this.asked && reached(this.state, this.settings, this.safe)) {
      this.reachedAt = { at: this.at, taken: this.taken(), shown: this.found !== null };
      if (!this.reachedAt.shown) done.add(name(this.goal));
      store(done);
    }
    this.task.textContent = free ? `Free play: you have changed the settings. The goal's own come back with Reset. ${task}` : task;
    show(this.won, this.reachedAt?.at === this.at);
    this.won.textContent = this.reachedAt?.at === this.at ? this.wonWords(this.reachedAt, least) : '';
    this.goalButtons.forEach((button, at) => {
      button.setAttribute('aria-pressed', at === this.goal);
      button.textContent = `Goal ${at + 1}${done.has(name(at)) ? ', reached' : ''}`;
    });
  }

  wonWords({ taken, shown }, least) {
    if (shown) return 'The search has reached it. Reset, and find the way yourself.';
    const next = this.goal + 1 < this.levels.length ? ` Goal ${this.goal + 2} is next.` : '';
    if (least === 0) return `Reached: no order breaks it.${next}`;
    return `Reached in ${several(taken)}: ${taken <= least ? 'fewer are not enough' : `${least} are enough`}.${next}`;
  }

  /* --- history: a row for each step, a column for each who --- */

  /** Who did it and what, of the step before place `at`. */
  rowOf(at) {
    const { id, label, settings } = this.past[at];
    const { state } = this.past[at - 1];
    if (id === undefined) return { who: label === undefined ? null : 'Move a member', what: label ?? this.changedWords(at) };
    const step = stepOf(this.model, state, settings, id);
    const program = this.model.programs(state, settings).find((each) => each.who === step.who);
    const line = program !== undefined && /next line$/.test(step.label) ? program.lines[program.at] : undefined;
    return { who: step.who, what: line ?? (this.model.tells ? this.past[at].state.said : step.label.replace(`${step.who} `, '')) };
  }

  changedWords(at) {
    const changed = this.model.settings.find(({ name }) => this.past[at].settings[name] !== this.past[at - 1].settings[name]);
    const value = changed?.values?.find((each) => each.value === this.past[at].settings[changed.name]);
    return value === undefined ? 'another setting' : `${changed.label} ${value.label}`;
  }

  drawTrail() {
    show(this.trail, this.asked && this.past.length > 1);
    const columns = [...new Set(this.model.steps(this.past[0].state, this.past[0].settings).map((step) => step.who))];
    const head = element('tr', {}, element('th', { scope: 'col' }, '#'), ...columns.map((who) => element('th', { scope: 'col' }, who)));
    const begun = this.begun();
    const rows = begun > 0 ? [this.trailRow(begun, null, 'as the goal begins', columns)] : [];
    for (let at = begun + 1; at < this.past.length; at++) {
      const { who, what } = this.rowOf(at);
      rows.push(this.trailRow(at, who, what, columns));
    }
    this.trail.replaceChildren(element('caption', {}, 'Steps so far (tap one to go there)'), element('thead', {}, head), element('tbody', {}, ...rows));
  }

  /** How many of the steps are those that the goal opens with, which take one row. */
  begun() {
    const letters = runLetters(this.levels[this.goal].run);
    return letters.length < this.past.length && letters.every((id, at) => this.past[at + 1].id === id) ? letters.length : 0;
  }

  trailRow(at, who, what, columns) {
    const go = () => {
      this.pause();
      this.go(at);
      this.trail.querySelector(`[data-step="${at}"]`)?.focus();
    };
    const button = element('button', { type: 'button', 'aria-label': `Step ${at}: ${what}`, 'data-step': at, onclick: go }, ...breakable(what));
    const cells = who === null ? [element('td', { colspan: columns.length }, button)] : columns.map((each) => element('td', {}, ...(each === who ? [button] : [])));
    const place = at > this.at ? { class: 'ahead' } : at === this.at ? { class: 'now', 'aria-current': 'step' } : {};
    return element('tr', place, element('th', { scope: 'row' }, String(at)), ...cells);
  }
}

/* --- the page --- */

const remember = (words) => {
  const player = players.get(words.get('figure'));
  words.delete('figure');
  if (player.goal > 0) words.set('goal', player.goal + 1);
  const rest = words.toString().replace(/%2C/g, ',');
  try {
    history.replaceState(null, '', `#${player.id}${rest === '' ? '' : `&${rest}`}`);
  } catch {
    // a page inside a sandbox has no address to change
  }
};

const here = () => new URLSearchParams(`figure=${location.hash.slice(1)}`);

const arrive = () => {
  const parameters = here();
  const shown = players.get(parameters.get('figure')) ?? [...players.values()][0];
  for (const player of players.values()) {
    player.pause();
    show(player.box.parentElement, player === shown);
  }
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${shown.id}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  shown.visit(parameters);
  document.title = `${shown.model.title}: shared memory to play with`;
};

const players = new Map();
for (const box of document.querySelectorAll('[data-figure]')) {
  box.addEventListener('keydown', keepKeys);
  players.set(box.dataset.figure, new Player(box, box.dataset.figure, () => {}));
}
for (const player of players.values()) player.remember = remember;
addEventListener('hashchange', arrive);
arrive();
