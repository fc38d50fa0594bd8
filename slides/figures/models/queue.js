/*
 * The circular queue of frames: a producer that makes one every few ticks, a consumer that takes one every few ticks, and
 * what becomes of a frame that finds the queue full. Beside the clock, each side can be made to act by hand.
 */
const FORESIGHT = 120; // ticks: long enough for any two speeds to show who has to wait

const full = (state) => state.count === state.slots.length;

const put = (state) => {
  const at = state.write;
  state.slots[at] = { frame: state.next, made: state.time };
  state.write = (at + 1) % state.slots.length;
  state.count += 1;
  state.words.push(`Frame ${state.next} goes into slot ${at}.`);
  state.next += 1;
};

// A new frame is there: what happens to it is the policy.
const produce = (state, policy) => {
  if (!full(state)) {
    put(state);
  } else if (policy === 'block') {
    if (!state.pending) state.words.push(`The queue is full: the producer waits with frame ${state.next}.`);
    state.pending = true;
    state.waited.producer += 1;
  } else if (policy === 'newest') {
    state.words.push(`The queue is full: frame ${state.next} is dropped.`);
    state.dropped += 1;
    state.next += 1;
  } else {
    const lost = state.slots[state.read];
    state.slots[state.read] = null;
    state.read = (state.read + 1) % state.slots.length;
    state.count -= 1;
    state.dropped += 1;
    state.words.push(`The queue is full: frame ${lost.frame}, the oldest, makes room.`);
    put(state);
  }
};

const consume = (state) => {
  if (state.count === 0) {
    state.words.push('The queue is empty: the consumer waits.');
    state.hungry = true;
    state.waited.consumer += 1;
    return;
  }
  const at = state.read;
  const { frame, made } = state.slots[at];
  state.slots[at] = null;
  state.read = (at + 1) % state.slots.length;
  state.count -= 1;
  state.hungry = false;
  state.shown = { frame, age: state.time - made };
  state.words.push(`Frame ${frame} is shown, ${state.shown.age} ${state.shown.age === 1 ? 'tick' : 'ticks'} old.`);
  if (state.pending) {
    state.pending = false;
    put(state);
  }
};

const tick = (state, { producer, consumer, policy }) => {
  state.time += 1;
  if (state.time % producer === 0 || state.pending) produce(state, policy);
  if (state.time % consumer === 0 || state.hungry) consume(state);
  if (state.words.length === 0) state.words.push('Nothing happens.');
};

const number = (name, label, initial, least, most) => ({ name, label, kind: 'number', initial, least, most });

export const queue = {
  name: 'queue',
  title: 'The circular queue',
  tells: true,
  settings: [
    number('slots', 'Slots', 5, 2, 6),
    number('producer', 'A frame every … ticks', 1, 1, 6),
    number('consumer', 'taken every … ticks', 2, 1, 6),
    {
      name: 'policy',
      label: 'Full?',
      kind: 'choice',
      initial: 'block',
      values: [
        { value: 'block', label: 'the producer waits' },
        { value: 'newest', label: 'drop the newest' },
        { value: 'oldest', label: 'overwrite the oldest' },
      ],
    },
  ],

  start: ({ slots }) => ({
    time: 0,
    slots: Array(slots).fill(null),
    write: 0,
    read: 0,
    count: 0,
    next: 1,
    pending: false,
    hungry: false,
    dropped: 0,
    waited: { producer: 0, consumer: 0 },
    shown: null,
    said: '',
  }),

  programs: () => [],

  steps: (state) => [
    { id: 't', who: 'Clock', label: 'Tick' },
    { id: 'p', who: 'By hand', label: 'Produce', waits: state.pending ? 'the producer waits for a free slot' : '' },
    { id: 'c', who: 'By hand', label: 'Consume', waits: state.count === 0 ? 'the queue is empty' : '' },
  ],

  take(before, id, settings) {
    const state = structuredClone(before);
    state.words = [];
    if (id === 't') tick(state, settings);
    else if (id === 'p') produce(state, settings.policy);
    else consume(state);
    state.said = state.words.join(' ');
    delete state.words;
    return state;
  },

  fault: () => '',
  finished: () => false,
  settled: (state) => state.time >= 12,

  predict(settings) {
    let state = this.start(settings);
    for (let at = 0; at < FORESIGHT; at++) state = this.take(state, 't', settings);
    const { waited, dropped } = state;
    const answer = dropped > 0 ? 0 : waited.producer > 0 ? 1 : waited.consumer > 0 ? 2 : 3;
    return {
      question: 'Once this has run for a while, what happens?',
      choices: ['Frames are lost', 'The producer has to wait', 'The consumer has to wait', 'Nobody waits, nothing is lost'],
      answer,
      because: [
        settings.policy === 'newest' ? 'what is shown is whole but old: the queue holds yesterday\'s frames.' : 'what is shown is as fresh as a slow consumer allows.',
        'nothing is lost, but the producer falls to the consumer\'s speed, and every frame is a full queue old.',
        'the queue is empty most of the time, and each frame is shown at once.',
        'both are equally fast.',
      ][answer],
    };
  },

  film: ({ slots }) => `t|t${slots}|t${2 * slots - 2}|tt`,
};
