/*
 * A snapshot of three records that a writer replaces while a reader copies it. Without a guard the copy may hold old
 * and new records (a torn read); a sequence counter that is odd while the writer is at work lets the reader notice and
 * try again. Steps are taken to be seen by everybody in the order they are made: barriers are the handshake's subject.
 */
import { explore } from '../core.js';

export const RECORDS = 3;
const UPDATES = 2;

const write = Array.from({ length: RECORDS }, (_, at) => `record[${at}] = new[${at}];`);
const copy = Array.from({ length: RECORDS }, (_, at) => `copy[${at}] = record[${at}];`);
const code = {
  none: { writer: write, reader: [...copy, 'use(copy);'] },
  once: { writer: [...write, 'sequence++;'], reader: ['before = sequence;', ...copy, 'if (sequence != before) retry;', 'use(copy);'] },
  sequence: { writer: ['sequence++; /* odd */', ...write, 'sequence++; /* even */'], reader: ['while ((before = sequence) & 1) ;', ...copy, 'if (sequence != before) retry;', 'use(copy);'] },
};

const spins = (state, settings) => settings.guard === 'sequence' && state.reader === 0 && state.sequence % 2 === 1;

export const snapshot = {
  name: 'snapshot',
  title: 'A snapshot being replaced',
  search: 'Search all orders',
  settings: [
    {
      name: 'guard',
      label: 'Guard',
      kind: 'choice',
      initial: 'none',
      values: [
        { value: 'none', label: 'none' },
        { value: 'once', label: 'counted once, at the end' },
        { value: 'sequence', label: 'sequence counter' },
      ],
    },
  ],

  start: () => ({ writer: 0, reader: 0, updates: 0, records: Array(RECORDS).fill(1), sequence: 0, before: null, copy: Array(RECORDS).fill(0), retries: 0, used: null, said: '' }),

  programs: (state, settings) => [
    { who: 'Writer', lines: code[settings.guard].writer, at: state.updates === UPDATES ? -1 : state.writer },
    { who: 'Reader', lines: code[settings.guard].reader, at: state.used !== null ? -1 : state.reader, waits: spins(state, settings) },
  ],

  steps: (state, settings) => [
    { id: 'w', who: 'Writer', label: 'Writer: next line', waits: state.updates === UPDATES ? 'the writer is through' : '' },
    { id: 'r', who: 'Reader', label: 'Reader: next line', waits: state.used !== null ? 'the reader is through' : spins(state, settings) ? `sequence is ${state.sequence}: odd, the writer is at work` : '' },
  ],

  take(before, id, settings) {
    const state = structuredClone(before);
    const { writer, reader } = code[settings.guard];
    if (id === 'w') {
      const what = writer[state.writer++];
      if (what.startsWith('sequence')) {
        state.sequence += 1;
        state.said = `The writer makes the sequence ${state.sequence}.`;
      } else {
        const at = Number(/\d/.exec(what)[0]);
        state.records[at] = state.updates + 2;
        state.said = `The writer puts record ${at} of snapshot ${state.records[at]}.`;
      }
      if (state.writer === writer.length) {
        state.writer = 0;
        state.updates += 1;
      }
      return state;
    }
    const what = reader[state.reader++];
    if (what.startsWith('copy')) {
      const at = Number(/\d/.exec(what)[0]);
      state.copy[at] = state.records[at];
      state.said = `The reader copies record ${at}: it is of snapshot ${state.copy[at]}.`;
    } else if (what.includes('before = sequence')) {
      state.before = state.sequence;
      state.said = `The reader notes the sequence: ${state.before}.`;
    } else if (what.startsWith('if')) {
      const same = state.sequence === state.before;
      state.said = same ? `The sequence is still ${state.before}: the copy counts.` : `The sequence was ${state.before} and is ${state.sequence}: the reader throws the copy away.`;
      if (!same) {
        state.reader = 0;
        state.retries += 1;
        state.copy.fill(0);
      }
    } else {
      state.used = [...state.copy];
      state.said = `The reader uses records of the snapshots ${state.used.join(', ')}.`;
    }
    return state;
  },

  fault: (state) => (state.used !== null && new Set(state.used).size > 1 ? `a torn read: records of the snapshots ${state.used.join(', ')} in one copy` : ''),
  finished: (state) => state.used !== null && state.updates === UPDATES,

  predict(settings) {
    const found = explore(this, settings);
    return {
      question: 'Can the reader use a mixture of two snapshots?',
      choices: ['Never', 'In some orders', 'In every order'],
      answer: found.faults === 0 ? 0 : found.ends > 0 ? 1 : 2,
      because: {
        none: 'nothing keeps the writer from coming between two copies.',
        once: 'a reader that begins and ends its copy in the middle of an update sees the same count twice.',
        sequence: 'an update leaves an odd count or another one, and the reader tries again.',
      }[settings.guard],
    };
  },

  film: (settings) => ({ none: 'r|ww|rr|r', once: 'ww|r|rrr|r|r', sequence: 'rr|www|rrr|ww|r6' })[settings.guard],
};
