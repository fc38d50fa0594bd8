/*
 * The bounded buffer of lab 4 with two slots, two producers and a consumer: three counting semaphores, and a process that
 * finds one at zero waits. Wrong initial values, or two waits in the wrong order, show what each of them is for.
 */
import { explore } from '../core.js';

export const SLOTS = 2;
const ITEMS = 2; // of each producer

const producer = { right: ['wait empty', 'wait mutex', 'put', 'post mutex', 'post full'], swapped: ['wait mutex', 'wait empty', 'put', 'post mutex', 'post full'] };
const consumer = ['wait full', 'wait mutex', 'take', 'post mutex', 'post empty'];
const names = { a: 'Producer A', b: 'Producer B', c: 'Consumer' };
export const WHO = Object.keys(names);

const codeOf = (who, settings) => (who === 'c' ? consumer : producer[settings.order]);
const rounds = (who) => (who === 'c' ? 2 * ITEMS : ITEMS);
const ended = (state, who) => state.round[who] >= rounds(who);
const lineText = (line) => line.replace(/^(wait|post) (\w+)$/, 'sem_$1(&$2);').replace(/^put$/, 'put(item);').replace(/^take$/, 'item = take();');

/** The semaphore that this process waits for, or ''. */
export const waitsFor = (state, who, settings) => {
  if (ended(state, who)) return '';
  const [act, what] = codeOf(who, settings)[state.at[who]].split(' ');
  return act === 'wait' && state.semaphores[what] === 0 ? what : '';
};

/** Who is between its wait for the mutex and its post. */
const inside = (state, settings) =>
  WHO.filter((who) => {
    const code = codeOf(who, settings);
    return state.at[who] > code.indexOf('wait mutex') && state.at[who] <= code.indexOf('post mutex');
  });

const number = (name, label, initial, most) => ({ name, label, kind: 'number', initial, least: 0, most });

export const semaphores = {
  name: 'semaphores',
  title: 'Three semaphores',
  search: 'Search all orders',
  settings: [
    {
      name: 'order',
      label: 'Producers wait for',
      kind: 'choice',
      initial: 'right',
      values: [
        { value: 'right', label: 'empty, then mutex' },
        { value: 'swapped', label: 'mutex, then empty' },
      ],
    },
    number('empty', 'empty', SLOTS, 3),
    number('full', 'full', 0, 2),
    number('mutex', 'mutex', 1, 2),
  ],

  start: ({ empty, full, mutex }) => ({
    at: { a: 0, b: 0, c: 0 },
    round: { a: 0, b: 0, c: 0 },
    semaphores: { empty, full, mutex },
    slots: Array(SLOTS).fill(''),
    head: 0,
    tail: 0,
    wrong: '',
    said: '',
  }),

  programs: (state, settings) =>
    WHO.map((who) => ({
      who: names[who],
      lines: codeOf(who, settings).map(lineText),
      at: ended(state, who) ? -1 : state.at[who],
      waits: waitsFor(state, who, settings) !== '',
    })),

  steps: (state, settings) =>
    WHO.map((who) => {
      const what = waitsFor(state, who, settings);
      return { id: who, who: names[who], label: `${names[who]}: next line`, waits: ended(state, who) ? 'it is through' : what !== '' ? `${what} is 0` : '' };
    }),

  take(before, who, settings) {
    const state = structuredClone(before);
    const code = codeOf(who, settings);
    const [act, what] = code[state.at[who]].split(' ');
    if (act === 'wait') {
      state.semaphores[what] -= 1;
      state.said = `${names[who]} takes one from ${what}: ${state.semaphores[what]}.`;
    } else if (act === 'post') {
      state.semaphores[what] += 1;
      state.said = `${names[who]} posts ${what}: ${state.semaphores[what]}.`;
    } else if (act === 'put') {
      const item = `${who.toUpperCase()}${state.round[who] + 1}`;
      if (state.slots[state.tail] !== '') state.wrong = `${item} overwrites ${state.slots[state.tail]}, which nobody has read`;
      state.slots[state.tail] = item;
      state.said = `${names[who]} puts ${item} into slot ${state.tail}.`;
      state.tail = (state.tail + 1) % SLOTS;
    } else {
      const item = state.slots[state.head];
      if (item === '') state.wrong = `the consumer takes from slot ${state.head}, which is empty`;
      state.slots[state.head] = '';
      state.said = `The consumer takes ${item === '' ? 'nothing' : item} from slot ${state.head}.`;
      state.head = (state.head + 1) % SLOTS;
    }
    state.at[who] += 1;
    if (state.at[who] === code.length) {
      state.at[who] = 0;
      state.round[who] += 1;
    }
    const together = inside(state, settings);
    if (state.wrong === '' && together.length > 1) state.wrong = `${together.map((each) => names[each]).join(' and ')} are in the buffer at once`;
    return state;
  },

  fault: (state) => state.wrong,
  finished: (state) => WHO.every((who) => ended(state, who)),

  predict(settings) {
    const found = explore(this, settings);
    const answer = (found.stuck === null ? 0 : 1) + (found.fault === null ? 0 : 2);
    return {
      question: `${ITEMS} items from each producer: does every order end well?`,
      choices: ['Yes, every order', 'No: it can come to a standstill', 'No: it can spoil the buffer', 'No: both can happen'],
      answer,
      because: [
        'nobody enters without a free slot or a message, and nobody enters twice at a time.',
        'there is an order after which everybody waits for somebody else. Search for it.',
        'there is an order in which the semaphores let somebody in who should wait. Search for it.',
        'the semaphores let too many in, and in other orders nobody.',
      ][answer],
    };
  },

  film: (settings) => (settings.order === 'swapped' ? 'a5|b5|a|c' : 'aaa|aab5|ccc|cc'),
};
