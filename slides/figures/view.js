/*
 * A figure on a page: everything that touches the DOM. A <figure data-figure> gets its model's controls; the film strip in
 * it stays for paper. No model knows of this file. deck.js puts figures into decks, play.js into a page of their own.
 */
import { explore, linkRead, linkText, mayTake, stepOf } from './core.js';
import { models } from './models.js';
import { pictures, WIDTH } from './pictures.js';

const PACE = 900; // milliseconds between two steps of a run that plays

export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'onclick') made.addEventListener('click', value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
};

export const show = (part, visible) => {
  part.hidden = !visible;
};

/* --- one figure --- */

export class Figure {
  /** `remember` is told the link to each new state. */
  constructor(box, id, remember) {
    this.box = box;
    this.id = id; // "handshake", a second one in the same deck "handshake.2"
    this.remember = remember;
    this.model = models[box.dataset.figure];
    this.build();
    this.open(new URLSearchParams(box.dataset.opens));
  }

  /** Go to the state that a link names. A link that makes no sense opens the figure as the deck has it. */
  open(parameters) {
    const { settings, letters, guess } = linkRead(this.model, parameters);
    this.settings = settings;
    this.restart();
    for (const id of letters) {
      if (!mayTake(stepOf(this.model, this.state, this.settings, id))) break;
      this.push({ id, state: this.model.take(this.state, id, this.settings), settings });
    }
    this.predicted(guess);
    this.asked = guess !== null || letters.length > 0 || parameters.has('byte');
    this.draw();
  }

  // What was asked is kept with the answer: by the time it is judged the reader may have changed the settings.
  predicted(guess) {
    this.guess = guess;
    this.prediction = this.model.predict(this.settings);
  }

  restart() {
    this.past = [{ state: this.model.start(this.settings), settings: this.settings }];
    this.at = 0;
    this.found = null;
    this.judged = false;
    this.safe = false; // a search has found no order that goes wrong
    this.note = '';
  }

  get state() {
    return this.past[this.at].state;
  }

  push(entry) {
    this.past.length = this.at + 1;
    this.past.push(entry);
    this.at += 1;
  }

  go(at) {
    this.at = Math.max(0, Math.min(at, this.past.length - 1));
    this.settings = this.past[this.at].settings;
    this.note = '';
    this.changed();
  }

  /** A step by its button. One that has to wait says why. */
  step(step) {
    this.pause();
    if (this.blocked(step)) {
      this.note = `Not now: ${this.blocked(step)}.`;
    } else {
      this.note = '';
      if (step.set) this.settings = { ...this.settings, ...step.set };
      this.push({ id: step.id, label: step.label, settings: this.settings, state: step.set ? this.state : this.model.take(this.state, step.id, this.settings) });
    }
    this.changed();
  }

  blocked(step) {
    const over = this.model.fault(this.state, this.settings) !== '' && !this.model.faultGoesOn;
    return over ? 'it has gone wrong; go back, or begin again with Reset' : step.waits || '';
  }

  setting(setting, text) {
    this.pause();
    this.settings = { ...this.settings, [setting.name]: setting.kind === 'number' ? Number(text) : text };
    if (setting.keeps) {
      this.push({ state: this.state, settings: this.settings });
    } else {
      this.restart();
      this.asked = false;
      this.predicted(null);
    }
    this.changed();
  }

  /** A cell of the picture was chosen: it is looked at, which is no step. */
  choose(what) {
    const [name, value] = what.split('=');
    this.settings = { ...this.settings, [name]: Number(value) };
    this.past[this.at].settings = this.settings;
    this.changed();
    this.picture.querySelector(`[data-set="${what}"]`)?.focus();
  }

  reset() {
    this.pause();
    const { settings } = linkRead(this.model, new URLSearchParams(this.box.dataset.opens));
    this.settings = settings;
    this.restart();
    this.predicted(null);
    this.asked = false;
    this.changed();
    this.predict.querySelector('button').focus();
  }

  search() {
    this.pause();
    const shownBefore = this.found?.shown;
    const found = explore(this.model, this.settings);
    const runs = [
      found.fault && { run: found.fault.run, words: found.fault.words },
      found.stuck && !this.model.faultGoesOn && { run: found.stuck.run, words: 'everybody waits' },
    ].filter(Boolean);
    this.judged = true;
    this.safe = runs.length === 0;
    if (this.safe) {
      this.note = `All ${found.states} states looked at, every order: none goes wrong.`;
    } else {
      const shown = shownBefore === undefined ? 0 : (shownBefore + 1) % runs.length;
      const { run, words } = runs[shown];
      this.restart();
      this.judged = true;
      this.found = { shown };
      for (const id of run) this.push({ id, settings: this.settings, state: this.model.take(this.state, id, this.settings) });
      this.at = 0;
      this.note = `${found.states} states looked at. Shortest order that goes wrong: ${run.length} steps (${words}). Forward walks through it.`;
    }
    this.changed();
  }

  play() {
    if (this.timer) {
      this.pause();
    } else {
      this.timer = setInterval(() => {
        if (this.at + 1 < this.past.length) this.settings = this.past[++this.at].settings;
        else if (this.ticks()) this.push({ id: 't', settings: this.settings, state: this.model.take(this.state, 't', this.settings) });
        if (this.at + 1 >= this.past.length && !this.ticks()) this.pause();
        this.note = '';
        this.changed();
      }, PACE);
    }
    this.draw();
  }

  /** Whether the model has a clock, which can go on forever. */
  ticks() {
    return this.model.steps(this.state, this.settings).some((each) => each.id === 't');
  }

  pause() {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  changed() {
    this.draw();
    const letters = this.past.slice(1, this.at + 1).map((each) => each.id).filter((id) => id !== undefined);
    const same = this.model.predict(this.settings).choices.join() === this.prediction.choices.join();
    const words = new URLSearchParams(linkText(this.model, this.settings, letters, same ? this.guess : null));
    words.set('figure', this.id);
    this.remember(words);
  }

  /* --- drawing --- */

  build() {
    const { box, model } = this;
    const button = (words, act, attributes = {}) => element('button', { type: 'button', ...attributes, onclick: act }, words);
    this.controls = element('div', { class: 'controls' });
    this.predict = element('div', { class: 'predict', role: 'group', 'aria-label': 'Your prediction' });
    this.programs = element('div', { class: 'programs' });
    this.steps = element('div', { class: 'steps' });
    this.picture = element('div', { class: 'picture-box' });
    this.back = button('Back', () => { this.pause(); this.go(this.at - 1); });
    this.forward = button('Forward', () => { this.pause(); this.go(this.at + 1); });
    this.playing = button('Play', () => this.play(), { class: 'play' });
    this.history = element('div', { class: 'history', role: 'group', 'aria-label': 'History' }, this.back, this.forward, this.playing, button('Reset', () => this.reset()));
    if (model.search) this.history.append(button(model.search, () => this.search()));
    this.verdict = element('p', { class: 'judged' });
    this.said = element('p', { class: 'said' });
    this.live = element('div', { role: 'status', 'aria-live': 'polite' }, this.verdict, this.said);
    const left = element('div', {}, this.programs, this.steps);
    box.querySelector('figcaption').after(this.controls, this.predict, element('div', { class: 'stage' }, left, this.picture), this.history, this.live);
    box.classList.add('live', model.name);
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', model.title);
    this.picture.addEventListener('click', (event) => this.cellClicked(event));
    this.picture.addEventListener('keydown', (event) => this.cellKey(event));
  }

  draw() {
    const { model, state, settings } = this;
    const programs = model.programs(state, settings);
    this.drawControls();
    this.drawPredict();
    this.programs.replaceChildren(...programs.map(drawProgram));
    show(this.programs, programs.length > 0);
    this.drawSteps();
    show(this.steps, this.asked);
    this.drawPicture();
    show(this.history, this.asked);
    show(this.live, this.asked);
    this.drawWords();
    setDisabled(this.back, this.at === 0);
    setDisabled(this.forward, this.at + 1 >= this.past.length);
    setDisabled(this.playing, this.at + 1 >= this.past.length && !this.ticks());
    this.playing.textContent = this.timer ? 'Pause' : 'Play';
  }

  drawControls() {
    const shown = this.model.settings.filter((each) => !each.hidden);
    if (this.controls.childElementCount === 0)
      for (const setting of shown) {
        const values = setting.kind === 'choice' ? setting.values : Array.from({ length: setting.most - setting.least + 1 }, (_, at) => ({ value: setting.least + at, label: setting.least + at }));
        const select = element('select', { 'data-setting': setting.name }, ...values.map(({ value, label }) => element('option', { value }, String(label))));
        select.addEventListener('change', () => this.setting(setting, select.value));
        this.controls.append(element('label', {}, `${setting.label} `, select));
      }
    for (const select of this.controls.querySelectorAll('select')) select.value = String(this.settings[select.dataset.setting]);
  }

  drawPredict() {
    show(this.predict, !this.asked);
    if (this.asked) return;
    const { question, choices } = this.model.predict(this.settings);
    const answer = (guess) => () => {
      this.asked = true;
      this.predicted(guess);
      this.changed();
      (this.steps.querySelector('button') ?? this.back).focus();
    };
    this.predict.replaceChildren(
      element('p', {}, `First predict: ${question}`),
      ...choices.map((words, at) => element('button', { type: 'button', onclick: answer(at) }, words)),
      element('button', { type: 'button', onclick: answer(null) }, 'Just show me'),
    );
  }

  // Buttons stay the same elements, so that the one in use keeps the focus.
  drawSteps() {
    const steps = this.model.steps(this.state, this.settings);
    const names = steps.map((each) => `${each.who}/${each.label}`).join();
    if (names !== this.stepNames) {
      const focused = [...this.steps.querySelectorAll('button')].indexOf(document.activeElement);
      this.stepNames = names;
      const owners = [...new Set(steps.map((each) => each.who))];
      this.buttons = steps.map(({ label }, at) => element('button', { type: 'button', onclick: () => this.step(this.model.steps(this.state, this.settings)[at]) }, label));
      this.steps.replaceChildren(...owners.map((who) => element('fieldset', { class: 'group' }, element('legend', {}, who), ...this.buttons.filter((_, at) => steps[at].who === who))));
      if (focused >= 0) this.buttons[Math.min(focused, this.buttons.length - 1)].focus();
    }
    steps.forEach((each, at) => setDisabled(this.buttons[at], this.blocked(each) !== ''));
  }

  drawPicture() {
    const hidden = this.model.hides && !this.asked;
    show(this.picture, !hidden);
    if (hidden) return;
    const { height, body, interactive } = pictures[this.model.name](this.state, this.settings);
    const role = interactive ? 'group' : 'img';
    this.picture.innerHTML = `<svg viewBox="0 0 ${WIDTH} ${height}" role="${role}" aria-label="${this.model.title}: the state in a picture, told in words below">${body}</svg>`;
    const cells = [...this.picture.querySelectorAll('[data-set]')];
    const chosen = Math.max(0, cells.findIndex((each) => each.getAttribute('aria-pressed') === 'true'));
    cells.forEach((each, at) => each.setAttribute('tabindex', at === chosen ? 0 : -1));
  }

  drawWords() {
    const { model, state, settings } = this;
    const fault = model.fault(state, settings);
    const stuck = fault === '' && !model.finished(state, settings) && model.search && !model.faultGoesOn && model.steps(state, settings).every((each) => this.blocked(each) !== '');
    const told = model.words ? model.words(state, settings) : this.at === 0 ? 'The beginning: choose what happens first.' : `Step ${this.at}: ${state.said}`;
    const outcome = fault !== '' ? ` Wrong: ${fault}.` : stuck ? ' A standstill: everybody waits.' : '';
    this.said.textContent = this.note || told + outcome;
    this.said.classList.toggle('wrong', (fault !== '' || Boolean(stuck)) && this.note === '');
    this.judged ||= fault !== '' || Boolean(stuck) || (model.settled ? model.settled(state) : model.finished(state, settings));
    this.drawVerdict();
  }

  drawVerdict() {
    show(this.verdict, this.guess !== null);
    if (this.guess === null) return;
    const { choices, answer, because } = this.prediction;
    const own = `You predicted: ${choices[this.guess]}.`;
    this.verdict.textContent = !this.judged ? `${own} Now find out.` : this.guess === answer ? `${own} Right: ${because}` : `${own} Not so. ${choices[answer]}: ${because}`;
  }

  cellClicked(event) {
    const what = event.target.closest('[data-set]')?.dataset.set;
    if (what) this.choose(what);
  }

  cellKey(event) {
    const cell = event.target.closest('[data-set]');
    if (!cell) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.choose(cell.dataset.set);
      return;
    }
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8 }[event.key];
    if (move === undefined) return;
    const cells = [...this.picture.querySelectorAll('[data-set]')];
    const next = cells[cells.indexOf(cell) + move];
    if (next) this.choose(next.dataset.set);
  }
}

// The keys of a figure are its own: Enter and Space press its buttons, arrows move among its cells.
export function keepKeys(event) {
  if (event.target.closest('[data-set], button, select') && !['p', 'f', 'o', 'Escape'].includes(event.key)) event.stopPropagation();
}

const setDisabled = (button, disabled) => button.setAttribute('aria-disabled', disabled);

const drawProgram = ({ who, lines, at, waits }) =>
  element(
    'div',
    {},
    element('h3', {}, waits ? `${who} waits` : who),
    element(
      'ol',
      { class: 'program', 'aria-label': who },
      ...lines.map((words, line) => {
        const next = line === at;
        return element('li', next ? { class: waits ? 'waits' : 'next', 'aria-current': 'step' } : {}, element('code', {}, words));
      }),
    ),
  );
