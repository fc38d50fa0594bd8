/*
 * What there is to reach in each figure: the levels of the page that is played (play.js). A goal has
 *
 *   task              what to reach, in words
 *   settings, run     the state in which it opens; the settings are part of the goal
 *   reached(state, settings, safe)  whether it has been reached; `safe`: a search has found no order that goes wrong
 *   least             steps from there, the fewest that are enough: test/goals.test.mjs looks at every order
 *
 * `about` says in a few words what the picture shows, for a reader who has no lecture around it.
 */
import { layoutOf, readingOf } from './models/layout.js';
import { models } from './models.js';

const misread = (settings) => readingOf(settings.order.split(','), settings.mirror).filter((each) => !each.right).length;
const standstill = (name) => (state, settings) => !models[name].finished(state, settings) && models[name].fault(state, settings) === '' && models[name].steps(state, settings).every((step) => step.waits !== '');
const faulty = (name) => (state, settings) => models[name].fault(state, settings) !== '';

export const goals = {
  layout: {
    about: 'Every cell is a byte of the struct; a grey one is padding. Below: where each member begins, and what Python reads there. Tap a byte to see whose it is.',
    levels: [
      { task: 'Move the members until no byte is padding.', settings: { mirror: 'right' }, run: '', reached: (_state, { order }) => layoutOf(order.split(',')).holes.length === 0, least: 3 },
      { task: 'A published table puts stamp four bytes late. Which member owns byte 28? Then move members until Python reads only one of the five wrong.', settings: { mirror: 'table', byte: 28 }, run: '', reached: (_state, settings) => misread(settings) === 1, least: 1 },
      { task: 'Python believes that there is no padding (_pack_ = 1), and C has some. Find an order in which Python reads every member right all the same.', settings: { mirror: 'packed' }, run: '', reached: (_state, settings) => misread(settings) === 0, least: 3 },
    ],
  },
  lifetime: {
    about: 'Above, two processes and what each has attached; below, what the kernel has: ipcs -m, or /dev/shm.',
    levels: [
      { task: 'Kill both processes so that a segment stays that nobody has attached.', settings: { api: 'sysv' }, run: '', reached: faulty('lifetime'), least: 3 },
      { task: 'A has removed the segment, and both are attached. Let B look for it and fail with ENOENT while the bytes are still there.', settings: { api: 'sysv' }, run: 'caCAr', reached: (state) => /ENOENT/.test(state.said) && state.segments.length > 0, least: 3 },
      { task: 'POSIX: have two objects at once, the old one without a name and the new one with it, each mapped by a process.', settings: { api: 'posix' }, run: '', reached: ({ A, B, segments }) => segments.length === 2 && A.attached && B.attached && A.id !== B.id, least: 8 },
    ],
  },
  handshake: {
    about: 'A store goes into the store buffer of its processor first, and reaches the memory that both see later. The reader may load the value before it looks at the flag, unless its load of the flag is an acquire.',
    levels: [
      { task: 'The flag is raised first. Make the reader print 0.', settings: { program: 'flag-first' }, run: '', reached: faulty('handshake'), least: 4 },
      { task: 'Now the writer stores with release, and the reader loads plainly. Make the reader print 0 all the same.', settings: { program: 'half' }, run: '', reached: faulty('handshake'), least: 7 },
      { task: 'Release and acquire: try to break it. When you give up, search all orders.', settings: { program: 'release' }, run: '', reached: (_state, _settings, safe) => safe, least: 0 },
    ],
  },
  semaphores: {
    about: 'The dots are the tokens of the three semaphores. To wait takes one; who finds none sleeps until another process posts.',
    levels: [
      { task: 'Two waits are swapped, and the buffer is full. Bring everybody to a standstill.', settings: { order: 'swapped' }, run: 'a5b5', reached: standstill('semaphores'), least: 2 },
      { task: 'MUTEX begins with 2. Get two processes into the buffer at once.', settings: { order: 'right', mutex: 2 }, run: '', reached: faulty('semaphores'), least: 4 },
      { task: 'EMPTY begins with 3, and there are two slots. Overwrite an item that nobody has read.', settings: { order: 'right', empty: 3 }, run: '', reached: (state) => /overwrites/.test(state.wrong), least: 12 },
    ],
  },
  snapshot: {
    about: 'The writer replaces three records, twice; the reader copies them. A colour is a version: two colours in what is used are a torn read.',
    levels: [
      { task: 'No guard: make the reader use a mixture of two snapshots.', settings: { guard: 'none' }, run: '', reached: faulty('snapshot'), least: 5 },
      { task: 'The writer counts once, at its end. It has stored one of three records, and the reader has noted the number. Make the reader use a mixture.', settings: { guard: 'once' }, run: 'wr', reached: faulty('snapshot'), least: 5 },
      { task: 'Odd while the writer is at work: make the reader throw its copy away twice, and then use a whole one.', settings: { guard: 'sequence' }, run: '', reached: (state) => state.used !== null && state.retries >= 2, least: 26 },
    ],
  },
  queue: {
    about: 'Frames go around in a ring of slots. A tick lets time pass for both sides; by hand, each acts by itself. The age of a frame is the time since it was made.',
    levels: [
      { task: 'The producer waits when the queue is full. Let the consumer show a frame that is 6 ticks old.', settings: { policy: 'block' }, run: '', reached: ({ shown }) => shown !== null && shown.age >= 6, least: 9 },
      { task: 'The oldest frame is overwritten, and the consumer is slow. Let it catch up: show a frame of age 0.', settings: { policy: 'oldest' }, run: 't14', reached: ({ shown }) => shown !== null && shown.age === 0, least: 4 },
      { task: 'The newest frame is dropped. Lose two frames, and show one that is at least 7 ticks old.', settings: { policy: 'newest' }, run: '', reached: ({ shown, dropped }) => shown !== null && shown.age >= 7 && dropped >= 2, least: 11 },
    ],
  },
};
