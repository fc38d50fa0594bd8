/*
 * One message through a flag: writer, reader, and the store buffer between the writer and the memory both see.
 *
 * A store goes into the buffer first and reaches memory later; plain stores may do so in either order (arm64 does that,
 * and a compiler does the like on any machine: C17 5.1.2.4), a release store only after all stores before it. A plain
 * load of the value may be done ahead of the loop that waits for the flag; an acquire load forbids that.
 */
import { explore } from '../core.js';

const VALUE = 42;

const programs = {
  plain: { label: 'value first, plain', writer: ['value', 'ready'], release: false, acquire: false },
  'flag-first': { label: 'flag first, plain', writer: ['ready', 'value'], release: false, acquire: false },
  half: { label: 'release store, plain load', writer: ['value', 'ready'], release: true, acquire: false },
  release: { label: 'release store, acquire load', writer: ['value', 'ready'], release: true, acquire: true },
};

const storeLine = (what, program) =>
  what === 'value' ? `box->value = ${VALUE};` : program.release ? 'store_release(&box->ready, 1);' : 'box->ready = 1;';

const readerLines = (program) => [program.acquire ? 'while (!load_acquire(&box->ready)) ;' : 'while (!box->ready) ;', 'print(box->value);'];

const drain = (state, program, what) => {
  if (!state.buffer.includes(what)) return 'nothing to store';
  const first = state.buffer[0] === what;
  return program.release && what === 'ready' && !first ? 'release: the value goes first' : '';
};

export const handshake = {
  name: 'handshake',
  title: 'A message and its flag',
  search: 'Search all orders',
  settings: [
    {
      name: 'program',
      label: 'Program',
      kind: 'choice',
      initial: 'plain',
      values: Object.entries(programs).map(([value, { label }]) => ({ value, label })),
    },
  ],

  start: () => ({ writer: 0, reader: 0, buffer: [], value: 0, ready: 0, ahead: null, printed: null, said: '' }),

  programs(state, settings) {
    const program = programs[settings.program];
    return [
      { who: 'Writer', lines: program.writer.map((what) => storeLine(what, program)), at: state.writer },
      { who: 'Reader', lines: readerLines(program), at: state.reader, waits: state.reader === 0 && state.ready === 0 },
    ];
  },

  steps(state, settings) {
    const program = programs[settings.program];
    const steps = [
      { id: 'w', who: 'Writer', label: 'Writer: next line', waits: state.writer > 1 ? 'the writer is through' : '' },
      {
        id: 'r',
        who: 'Reader',
        label: 'Reader: next line',
        waits: state.reader > 1 ? 'the reader is through' : state.reader === 0 && state.ready === 0 ? 'memory still says ready = 0' : '',
      },
      { id: 'v', who: 'Store buffer', label: 'value reaches memory', waits: drain(state, program, 'value') },
      { id: 'f', who: 'Store buffer', label: 'ready reaches memory', waits: drain(state, program, 'ready') },
    ];
    if (!program.acquire)
      steps.push({
        id: 'e',
        who: 'Reader',
        label: 'Reader loads value ahead',
        waits: state.reader > 0 ? 'the loop is over' : state.ahead !== null ? 'done already' : '',
      });
    return steps;
  },

  take(before, id, settings) {
    const program = programs[settings.program];
    const state = { ...before, buffer: [...before.buffer] };
    if (id === 'w') {
      const what = program.writer[state.writer++];
      state.buffer.push(what);
      state.said = `The writer stores ${what}; it waits in the store buffer.`;
    } else if (id === 'v' || id === 'f') {
      const what = id === 'v' ? 'value' : 'ready';
      state.buffer = state.buffer.filter((each) => each !== what);
      state[what] = what === 'value' ? VALUE : 1;
      state.said = `${what} = ${state[what]} reaches memory.`;
    } else if (id === 'e') {
      state.ahead = state.value;
      state.said = `The reader's processor loads value ahead of the loop: ${state.ahead}.`;
    } else if (state.reader++ === 0) {
      state.said = 'The reader sees ready = 1 and leaves the loop.';
    } else {
      state.printed = state.ahead ?? state.value;
      state.said = `The reader prints ${state.printed}.`;
    }
    return state;
  },

  fault: (state) => (state.printed !== null && state.printed !== VALUE ? `the reader printed ${state.printed}, not ${VALUE}` : ''),
  finished: (state) => state.writer === 2 && state.reader === 2 && state.buffer.length === 0,

  predict(settings) {
    const found = explore(this, settings);
    const because = {
      plain: 'the flag may reach memory before the value, or the value may be loaded before the flag.',
      'flag-first': 'the reader may come between the two lines. In a lucky order nothing shows.',
      half: 'the writer keeps its order, but the reader may load the value before it looks at the flag.',
      release: 'the release store keeps the value before the flag, the acquire load keeps the loop before the value.',
    }[settings.program];
    return {
      question: `Can the reader print anything but ${VALUE}?`,
      choices: ['Never', 'In some orders', 'In every order'],
      answer: found.faults === 0 ? 0 : found.ends > 0 ? 1 : 2,
      because,
    };
  },

  film: (settings) => ({ plain: 'ww|f|r|r', 'flag-first': 'w|f|r|r', half: 'e|ww|vf|r|r', release: 'ww|v|f|r|r' })[settings.program],
};
