/*
 * How long a shared segment lives. Two processes, a segment, and a kernel that counts: `nattch` for System V, references
 * (maps and descriptors) for POSIX. A process can be killed at any point; what it made stays until somebody removes it.
 *
 * System V: shmctl(IPC_RMID) marks the segment, which is destroyed when the last process detaches; a marked one is found
 * by its id still, not by its key (shmctl(2), Linux). POSIX: shm_unlink takes the name; the object goes with its last
 * reference.
 */
const SEGMENTS = 3; // in one run
const LIVES = 2; // of each process in one run

const words = {
  sysv: { thing: 'segment', attaches: 'attaches', attached: 'attached', detaches: 'detaches', create: 'shmget(KEY, …, IPC_CREAT | IPC_EXCL)', find: 'shmget(KEY, 0, 0)', attach: 'shmat(id)', detach: 'shmdt(p)', remove: 'shmctl(id, IPC_RMID)' },
  posix: { thing: 'object', attaches: 'maps', attached: 'mapped', detaches: 'unmaps', create: 'shm_open("/box", O_CREAT | O_EXCL)', find: 'shm_open("/box")', attach: 'mmap(fd)', detach: 'munmap(p)', remove: 'shm_unlink("/box")' },
};
const labels = {
  sysv: { create: 'create: shmget', find: 'find: shmget', attach: 'attach: shmat', detach: 'detach: shmdt', remove: 'remove: IPC_RMID' },
  posix: { create: 'create: shm_open', find: 'find: shm_open', attach: 'map: mmap', detach: 'unmap: munmap', remove: 'remove: shm_unlink' },
};
const processes = { A: { ids: 'cadrks', first: 'create' }, B: { ids: 'CADRKS', first: 'find' } };
export const PROCESSES = Object.keys(processes);

const named = (state) => state.segments.find((each) => each.named);
const held = (state, who) => state.segments.find((each) => each.id === state[who].id);

/** How many references the kernel counts. A POSIX descriptor is one, a System V id is none. */
export const references = (state, segment, { api }) =>
  PROCESSES.filter((who) => state[who].alive && state[who].id === segment.id && (state[who].attached || api === 'posix')).length;

// A segment without a name goes with its last reference.
const sweep = (state, settings) => {
  const before = state.segments.length;
  state.segments = state.segments.filter((each) => each.named || references(state, each, settings) > 0);
  return before > state.segments.length ? ' Nothing refers to it any more: the kernel frees the memory.' : '';
};

const actions = {
  first(state, who, { api }) {
    const there = named(state);
    const error = { EEXIST: 'EEXIST: one of an earlier run is in the way', ENOENT: 'ENOENT: there is none yet, or no more' };
    if (processes[who].first === 'create' && there) {
      state.said = `${words[api].create} fails with ${error.EEXIST}.`;
    } else if (processes[who].first === 'find' && !there) {
      state.said = `${words[api].find} fails with ${error.ENOENT}.`;
    } else if (there) {
      state[who].id = there.id;
      state.said = `${who} finds ${words[api].thing} ${there.id}.`;
    } else {
      state.made += 1;
      state.segments.push({ id: state.made, named: true });
      state[who].id = state.made;
      state.said = `${who} creates ${words[api].thing} ${state.made}. Nobody has ${words[api].attached} it yet.`;
    }
  },
  attach(state, who, { api }) {
    state[who].attached = true;
    state.said = `${who} ${words[api].attaches} ${words[api].thing} ${state[who].id}: it is part of ${who}'s address space now.`;
  },
  detach(state, who, { api }) {
    state[who].attached = false;
    state.said = `${who} ${words[api].detaches} ${words[api].thing} ${state[who].id}.`;
  },
  remove(state, who, { api }) {
    const segment = api === 'posix' ? named(state) : held(state, who);
    segment.named = false;
    state.said = api === 'posix' ? `${who} unlinks the name /box.` : `${who} marks segment ${segment.id} for destruction; its key is free.`;
  },
  kill(state, who, { api }) {
    state[who] = { ...state[who], alive: false, id: null, attached: false };
    state.said = `${who} is killed (SIGKILL). The kernel ${words[api].detaches} what it had ${words[api].attached}, and removes nothing else.`;
  },
  start(state, who) {
    state[who] = { alive: true, id: null, attached: false, lives: state[who].lives + 1 };
    state.said = `${who} is started again.`;
  },
};

const waits = (state, who, { api }) => {
  const process = state[who];
  const lives = process.alive ? '' : `${who} is dead`;
  const segment = held(state, who);
  const { thing, attached } = words[api];
  const has = segment ? '' : `it has no ${thing}`;
  const first = process.id !== null ? 'done already' : processes[who].first === 'create' && !named(state) && state.made === SEGMENTS ? 'enough for one run' : '';
  const removable = api === 'posix' ? (named(state) ? '' : 'there is no name') : has || (segment.named ? '' : 'marked already');
  return {
    first: lives || first,
    attach: lives || has || (process.attached ? `${attached} already` : ''),
    detach: lives || (process.attached ? '' : `it is not ${attached}`),
    remove: lives || removable,
    kill: lives,
    start: process.alive ? 'it runs' : process.lives === LIVES ? 'enough for one run' : '',
  };
};

const kinds = Object.keys(actions);

export const lifetime = {
  name: 'lifetime',
  title: 'The life of a segment',
  search: 'Search for what stays behind',
  settings: [
    {
      name: 'api',
      label: 'Interface',
      kind: 'choice',
      initial: 'sysv',
      values: [
        { value: 'sysv', label: 'System V' },
        { value: 'posix', label: 'POSIX' },
      ],
    },
  ],

  start: () => ({
    A: { alive: true, id: null, attached: false, lives: 1 },
    B: { alive: true, id: null, attached: false, lives: 1 },
    segments: [],
    made: 0,
    said: '',
  }),

  programs: () => [],

  steps: (state, settings) =>
    PROCESSES.flatMap((who) => {
      const reasons = waits(state, who, settings);
      const short = labels[settings.api];
      const label = { ...short, first: short[processes[who].first], kill: 'kill -9', start: 'start again' };
      return kinds.map((kind, at) => ({ id: processes[who].ids[at], who: `Process ${who}`, label: label[kind], waits: reasons[kind] }));
    }),

  take(before, id, settings) {
    const state = structuredClone(before);
    const who = PROCESSES.find((each) => processes[each].ids.includes(id));
    actions[kinds[processes[who].ids.indexOf(id)]](state, who, settings);
    state.said += sweep(state, settings);
    return state;
  },

  fault: (state, { api }) =>
    PROCESSES.some((who) => state[who].alive) || state.segments.length === 0
      ? ''
      : `both processes are dead, and ${words[api].thing} ${state.segments[0].id} is still there; it goes with ${api === 'posix' ? 'rm /dev/shm/box' : `ipcrm -m ${state.segments[0].id}`} or a restart of the machine`,
  finished: () => false,
  faultGoesOn: true, // a started process may find and remove what stayed

  predict: ({ api }) => ({
    question: `A creates and ${words[api].attaches} it; B finds and ${words[api].attaches} it; both are killed. What is left?`,
    choices: ['Nothing: the kernel cleans up', ...['with two', 'with nobody'].map((many) => `The ${words[api].thing}, ${many} ${words[api].attached}`), `The ${words[api].thing}, but empty`],
    answer: 2,
    because: api === 'posix' ? 'the kernel unmaps what a dead process had mapped; the name, and with it the object, stays.' : 'the kernel detaches a dead process; only IPC_RMID removes a segment.',
  }),

  film: () => 'ca|CA|k|Ks',
};
