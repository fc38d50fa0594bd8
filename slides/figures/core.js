/*
 * What all models have in common. A model is pure: no DOM, no clock, no chance. It offers
 *
 *   name, title, settings   who it is, and what can be chosen: see settingsFrom
 *   start(settings)         the first state, plain data
 *   steps(state, settings)  what may happen next: { id, who, label, waits } and, instead of an id, set: { setting: value };
 *                           `waits` says in words why a step cannot be taken now
 *   take(state, id, settings)  the state after it, with `said`: what happened, in words
 *   fault(state, settings)  what has gone wrong, in words, or ''
 *   finished(state, settings)  whether everybody is through
 *   programs(state, settings)  the code that runs: { who, lines, at, ended }
 *   predict(settings)       { question, choices, answer, because }: asked before anything is shown
 *   film(settings)          the run that is printed; '|' ends a frame. Or filmSettings(settings): one frame for each
 *
 * and, where it differs from the rest: settled(state), whether the prediction can be judged; words(state, settings), to be
 * said instead of state.said; faultGoesOn, whether steps can be taken after a fault; hides, whether the picture would give
 * the prediction away; search, the label of the button that explores every order;
 * tells, whether the history shows what was said and not the steps' names.
 *
 * A run is a string of step ids, each one letter; a number after a letter repeats it: "w3r" is "wwwr".
 */

/** The model's settings with their defaults, changed by `wanted` (name -> text). Throws a RangeError on nonsense. */
export function settingsFrom(model, wanted) {
  const settings = {};
  for (const setting of model.settings) settings[setting.name] = setting.initial;
  for (const [name, text] of Object.entries(wanted)) {
    const setting = model.settings.find((each) => each.name === name);
    if (setting === undefined) throw new RangeError(`figure ${model.name}: there is no setting ${name}`);
    settings[name] = settingValue(model, setting, text);
  }
  return settings;
}

function settingValue(model, setting, text) {
  const wrong = () => new RangeError(`figure ${model.name}: ${setting.name} cannot be "${text}"`);
  if (setting.kind === 'choice') {
    if (!setting.values.some((each) => each.value === text)) throw wrong();
    return text;
  }
  if (setting.kind === 'number') {
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= setting.least && value <= setting.most)) throw wrong();
    return value;
  }
  const items = String(text).split(','); // kind 'order': each of the values once
  if ([...items].sort().join() !== [...setting.values].sort().join()) throw wrong();
  return items.join();
}

export function runLetters(run) {
  if (!/^([A-Za-z]\d*)*$/.test(run)) throw new RangeError(`"${run}" is not a run: letters, each perhaps with a number after it`);
  return [...run.matchAll(/([A-Za-z])(\d*)/g)].flatMap(([, id, times]) => Array(times === '' ? 1 : Math.min(Number(times), 500)).fill(id));
}

export function runText(letters) {
  return letters.join('').replace(/(.)\1{2,}/g, (same, id) => `${id}${same.length}`);
}

export function stepOf(model, state, settings, id) {
  return model.steps(state, settings).find((step) => step.id === id);
}

export function mayTake(step) {
  return step !== undefined && !step.waits;
}

/** All states of a run, the first one included. Throws a RangeError at a step that cannot be taken. */
export function replay(model, settings, letters) {
  const states = [model.start(settings)];
  for (const id of letters) {
    const state = states[states.length - 1];
    const step = stepOf(model, state, settings, id);
    if (!mayTake(step)) throw new RangeError(`figure ${model.name}: step ${states.length}, "${id}", cannot be taken: ${step?.waits ?? 'there is no such step'}`);
    states.push(model.take(state, id, settings));
  }
  return states;
}

// What was said is no part of where one is.
const place = (state) => JSON.stringify({ ...state, said: '' });

/**
 * Every order of steps, breadth first, so that what is found first is shortest. After a fault nothing is looked at.
 * { states, ends, faults, fault: { run, words }, stuck: { run } }: fault and stuck are null where there is none.
 */
export function explore(model, settings, visit = () => {}) {
  const start = model.start(settings);
  const seen = new Set([place(start)]);
  const queue = [{ state: start, run: [] }];
  const found = { states: 0, ends: 0, faults: 0, fault: null, stuck: null };
  for (let at = 0; at < queue.length; at++) {
    const { state, run } = queue[at];
    found.states += 1;
    visit(state, run);
    const words = model.fault(state, settings);
    if (words !== '') {
      found.faults += 1;
      found.fault ??= { run, words };
      continue;
    }
    const open = model.steps(state, settings).filter((step) => step.id !== undefined && mayTake(step));
    if (model.finished(state, settings)) found.ends += 1;
    else if (open.length === 0) found.stuck ??= { run };
    for (const { id } of open) {
      const next = model.take(state, id, settings);
      const key = place(next);
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push({ state: next, run: [...run, id] });
    }
  }
  return found;
}

/** What a deep link says, without the question mark. */
export function linkText(model, settings, letters, guess) {
  const words = new URLSearchParams({ figure: model.name });
  for (const { name, initial } of model.settings) if (settings[name] !== initial) words.set(name, settings[name]);
  if (guess !== null) words.set('guess', guess);
  if (letters.length > 0) words.set('run', runText(letters));
  return words.toString().replace(/%2C/g, ',');
}

/** The inverse: { settings, letters, guess } from a link's parameters; guess is null before the reader has predicted. */
export function linkRead(model, parameters) {
  const wanted = {};
  for (const { name } of model.settings) if (parameters.has(name)) wanted[name] = parameters.get(name);
  const settings = settingsFrom(model, wanted);
  const letters = runLetters(parameters.get('run') ?? '');
  const choices = model.predict(settings).choices.length;
  const text = parameters.get('guess') ?? '';
  return { settings, letters, guess: /^\d$/.test(text) && Number(text) < choices ? Number(text) : null };
}

/** The frames of a film strip: { state, settings, words }, with the words of all steps since the frame before. */
export function filmFrames(model, settings, film) {
  if (model.filmSettings)
    return model.filmSettings(settings).map((each) => ({ state: model.start(each), settings: each, words: model.words(model.start(each), each) }));
  const groups = film.split('|').map(runLetters);
  const states = replay(model, settings, groups.flat());
  const frames = [{ state: states[0], settings, words: 'The beginning.' }];
  let at = 0;
  for (const group of groups) {
    if (group.length === 0) continue;
    const said = states.slice(at + 1, at + group.length + 1).map((state) => state.said);
    at += group.length;
    frames.push({ state: states[at], settings, words: said.length > 3 ? said[said.length - 1] : said.join(' ') });
  }
  return frames;
}
