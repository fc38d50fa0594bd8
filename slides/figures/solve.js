// The fewest steps to a goal: for the tests, which play every goal.
import { mayTake, replay, runLetters, settingsFrom } from './core.js';

const MOST_STATES = 400000;

/** Breadth first over all orders: the steps, [{ who, label }], or null when no order leads there. */
export function solve(model, { settings: wanted, run, reached }) {
  const opened = settingsFrom(model, wanted);
  const begin = { state: replay(model, opened, runLetters(run)).at(-1), settings: opened, way: [] };
  const key = ({ state, settings }) => JSON.stringify([{ ...state, said: '' }, settings]);
  const seen = new Set([key(begin)]);
  const queue = [begin];
  if (reached(begin.state, begin.settings, false)) return [];
  for (let at = 0; at < queue.length && at < MOST_STATES; at++) {
    const { state, settings, way } = queue[at];
    if (model.fault(state, settings) !== '' && !model.faultGoesOn) continue;
    for (const step of model.steps(state, settings).filter(mayTake)) {
      const after = [...way, { who: step.who, label: step.label }];
      const next = step.set ? { state, settings: { ...settings, ...step.set }, way: after } : { state: model.take(state, step.id, settings), settings, way: after };
      if (reached(next.state, next.settings, false)) return after; // what was said counts here, and is no part of a state
      if (seen.has(key(next))) continue;
      seen.add(key(next));
      queue.push(next);
    }
  }
  return null;
}
