// The drawings of docs/img that show no struct: name -> SVG. Film strips come from the figures' models, bars from the benchmark.
import fs from 'node:fs';
import path from 'node:path';
import { settingsFrom } from '../../figures/core.js';
import { filmSvg } from '../../figures/film.js';
import { models } from '../../figures/models.js';
import { ACCENT, FILLS, HOLE, INK, PANEL, PAPER, QUIET, RIGHT_FILL, WRONG, WRONG_FILL } from '../../figures/palette.js';
import { ROOT } from '../decks.mjs';
import { arrow, box, dashed, label, lane, line, rect, sheet, text } from './pen.mjs';

const [BLUE, ORANGE, GREEN, , YELLOW] = FILLS;
const mono = { mono: true };
const small = { size: 18, fill: QUIET };

/* --- layout --- */

const alignment = () => {
  const cell = 40;
  const members = [['c', 0, 1, BLUE], ['', 1, 3, HOLE], ['int n', 4, 4, ORANGE], ['double d', 8, 8, GREEN]];
  return sheet(200, 'A char at byte 0, three bytes of padding, an int at 4, a double at 8: each starts at a multiple of its alignment',
    label(20, 34, 'struct { char c; int n; double d; }', mono),
    members.map(([words, at, size, fill]) => box(60 + at * cell, 60, size * cell, 56, fill, words, { size: 18 })),
    text(60 + 2.5 * cell, 94, 'padding', { size: 18 }),
    Array.from({ length: 17 }, (_, at) => line(`M${60 + at * cell} 116v${at % 4 === 0 ? 14 : 7}`, QUIET) + (at % 4 === 0 ? text(60 + at * cell, 152, at, small) : '')),
    label(60, 186, 'n: a multiple of 4.   d: a multiple of 8.   The whole: 16, a multiple of 8.', { size: 19 }));
};

const little_endian = () => sheet(190, 'The int 42 is the bytes 2a 00 00 00, lowest byte first, on x86-64 and arm64',
  label(30, 44, 'int32_t value = 42;', mono), ['2a', '00', '00', '00'].map((byte, at) => box(300 + at * 90, 70, 90, 56, at === 0 ? ORANGE : PAPER, byte, { mono: true, size: 24 })),
  [0, 1, 2, 3].map((at) => text(345 + at * 90, 152, `+${at}`, small)),
  label(30, 104, 'in memory', { bold: true }), label(30, 180, "Lowest byte first, here and on arm64: Python's '<i' says so in every process.", { size: 19 }));

/* --- lifetime --- */

const key_id_address = () => sheet(250, 'A key leads through shmget to an id, an id through shmat to an address, which is another one in each process',
  box(20, 70, 190, 76, BLUE, 'key\n5678', { size: 22 }), box(285, 70, 190, 76, ORANGE, 'id\n32769', { size: 22 }), box(550, 30, 190, 66, GREEN, 'writer sees\n0x7f31…', { size: 19 }), box(550, 130, 190, 66, GREEN, 'reader sees\n0x7fa8…', { size: 19 }),
  arrow(212, 108, 282, 108), text(247, 94, 'shmget', { size: 18, mono: true }), arrow(478, 98, 546, 66), arrow(478, 118, 546, 160), text(512, 56, 'shmat', { size: 18, mono: true }),
  text(115, 176, 'agreed in advance', small), text(380, 176, 'of this segment', small), label(20, 232, 'Only the key is the same tomorrow; only the bytes are the same for both.', { size: 20, bold: true }));

const bar = (x1, x2, y, fill, words) => box(x1, y, x2 - x1, 36, fill, words, { size: 18 });

const life_sysv = () => {
  const events = [[150, 'shmget'], [240, 'shmat'], [340, 'shmat'], [460, 'IPC_RMID'], [580, 'killed'], [690, 'shmdt']];
  return sheet(320, 'A segment in time: the key is free from IPC_RMID on, the bytes go with the last detach, the count falls for a killed process too',
    events.map(([x, words]) => line(`M${x} 52V270`, QUIET, { 'stroke-dasharray': '3 5' }) + text(x, 40, words, { size: 18, mono: true })),
    ['writer', 'writer', 'reader', 'writer', 'writer', 'reader'].map((who, at) => text(events[at][0], 20, who, small)),
    label(16, 94, 'key', { bold: true }), bar(150, 460, 70, BLUE, 'finds it'), bar(460, 690, 70, PAPER, 'ENOENT: it is free'),
    label(16, 150, 'bytes', { bold: true }), bar(150, 690, 126, GREEN, 'there (dest after IPC_RMID)'),
    label(16, 206, 'nattch', { bold: true }), [[150, 240, 0], [240, 340, 1], [340, 580, 2], [580, 690, 1]].map(([from, to, many]) => bar(from, to, 182, many ? ORANGE : PAPER, many)),
    text(724, 206, '0', { bold: true }),
    label(16, 262, 'time', small), arrow(70, 256, 740, 256, QUIET), label(16, 304, 'No IPC_RMID: the segment stays when both have ended.', { size: 20, bold: true }));
};

const where_objects = () => sheet(330, 'A host and two containers: each has a key table and a /dev/shm of its own, so the same key and the same name are different objects',
  rect(10, 10, 740, 260, PANEL), label(26, 40, 'one machine, one kernel', { bold: true }),
  [['host', 26, BLUE], ['container 1', 268, ORANGE], ['container 2', 510, GREEN]].map(([name, x, fill]) => rect(x, 56, 224, 200, PAPER, name === 'host' ? {} : dashed) + text(x + 112, 84, name, { bold: true }) + box(x + 14, 100, 196, 60, fill, 'keys: 5678', { mono: true, size: 18 }) + box(x + 14, 176, 196, 60, fill, '/dev/shm/frames', { mono: true, size: 18 })),
  label(16, 302, 'Same key, same name, three objects. docker run --ipc=host shares those of the host.', { size: 19, bold: true }));

/* --- handshake --- */

const ownership = () => {
  const turns = [['writer fills', BLUE, 130, 150], ['reader copies', ORANGE, 300, 150], ['writer fills', BLUE, 470, 150], ['reader copies', ORANGE, 630, 120]];
  return sheet(240, 'The box belongs to the writer while ready is false, to the reader while it is true; each store of the flag hands it over',
    lane(50, 70, 'writer'), lane(124, 70, 'reader'), turns.map(([words, fill, x, width], at) => box(x, at % 2 ? 132 : 58, width, 54, fill, words, { size: 18 })),
    [290, 628].map((x) => arrow(x - 8, 112, x + 8, 136, ACCENT)), arrow(455, 136, 468, 112, ACCENT),
    text(290, 36, 'ready = true', { size: 18, mono: true, fill: ACCENT }), text(462, 36, 'ready = false', { size: 18, mono: true, fill: ACCENT }), text(640, 36, 'ready = true', { size: 18, mono: true, fill: ACCENT }),
    label(16, 226, 'At every moment exactly one of the two may touch the box.', { bold: true }));
};

const store_buffer = () => {
  const core = (x, name) => rect(x, 10, 230, 190, PANEL) + text(x + 115, 38, name, { bold: true }) + box(x + 20, 54, 190, 58, ORANGE, 'store buffer\nvalue = 42, ready = 1', { size: 16 }) + box(x + 20, 130, 190, 54, GREEN, 'cache', { size: 19 });
  return sheet(350, "Two cores, each with a store buffer and a cache, above the memory that both see: a store is in the buffer first, and the other core does not see it there",
    core(20, 'core of the writer'), rect(510, 10, 230, 190, PANEL), text(625, 38, 'core of the reader', { bold: true }), box(530, 54, 190, 58, PAPER, 'store buffer\nempty', { size: 16 }), box(530, 130, 190, 54, GREEN, 'cache', { size: 19 }),
    arrow(135, 112, 135, 128), arrow(625, 112, 625, 128), line('M232 157H528', INK, { 'stroke-width': 2.5 }), text(380, 146, 'lines go to and fro', small), text(380, 180, 'what is here, both see', small),
    box(230, 236, 300, 48, BLUE, 'memory', { size: 20 }), arrow(135, 186, 246, 234), arrow(625, 186, 514, 234),
    label(16, 328, 'Plain stores may leave the buffer in either order (not on x86-64). Release: the value first.', { size: 18, bold: true }));
};

const release_acquire = () => sheet(300, 'Everything before the release store has happened before everything after the acquire load that sees its value',
  text(190, 32, 'writer', { bold: true }), text(570, 32, 'reader', { bold: true }),
  box(40, 50, 300, 46, BLUE, 'box->counter = 7;', mono), box(40, 104, 300, 46, BLUE, 'copy the message', {}), box(40, 158, 300, 46, ORANGE, 'store_release(ready, 1)', { mono: true, size: 18 }),
  box(420, 158, 300, 46, ORANGE, 'load_acquire(ready) == 1', { mono: true, size: 18 }), box(420, 212, 300, 46, GREEN, 'read the message', {}),
  arrow(342, 181, 416, 181, ACCENT, { 'stroke-width': 4 }), text(380, 146, 'sees 1', { fill: ACCENT, bold: true, size: 18 }),
  line('M22 56v142M22 56h10M22 198h10', QUIET), text(190, 234, 'not after the store', small), text(570, 284, 'not before the load', small));

const waiting = () => {
  const row = (y, name, parts, words) => label(16, y + 28, name, { bold: true }) + parts.map(([x, width, fill]) => rect(x, y, width, 42, fill, { 'stroke-width': 1 })).join('') + label(600, y + 28, words, { size: 18 });
  return sheet(250, 'Three ways to wait on a time line: a spin uses the core all the time, a sleep wakes late, patience_step spins first and then sleeps longer and longer',
    row(40, 'spin', [[140, 440, ORANGE]], 'a whole core'), row(100, 'sleep', [[140, 6, ORANGE], [280, 6, ORANGE], [420, 6, ORANGE], [560, 6, ORANGE]], 'up to a nap late'),
    row(160, 'patience', [[140, 70, ORANGE], [222, 6, ORANGE], [246, 6, ORANGE], [286, 6, ORANGE], [358, 6, ORANGE], [494, 6, ORANGE]], 'soon, then cheap'),
    label(140, 26, 'looks at the flag (uses the core)', small), arrow(140, 228, 590, 228, QUIET), label(16, 234, 'time', small));
};

const dead_peer = () => sheet(240, 'The writer is killed with the flag clear; no store comes any more, but the kernel takes its attachment away, and the reader sees the count fall',
  lane(30, 56, 'writer'), box(130, 36, 220, 44, BLUE, 'sends #1, #2'), line('M366 46l18 24M384 46l-18 24', WRONG, { 'stroke-width': 4 }), label(400, 64, 'killed', { fill: WRONG, bold: true }),
  lane(92, 56, 'kernel'), box(130, 98, 240, 44, GREEN, 'nattch 2'), box(370, 98, 370, 44, GREEN, 'nattch 1'), lane(154, 56, 'reader'), box(130, 160, 180, 44, BLUE, 'takes #1, #2'), box(310, 160, 230, 44, ORANGE, 'waits for #3, looks'), box(540, 160, 200, 44, RIGHT_FILL, 'gives up, says why', { size: 19 }),
  arrow(560, 142, 560, 158, ACCENT), label(16, 232, 'A dead process clears no flag: ask what the kernel keeps.', { bold: true }));

/* --- semaphores --- */

const lost_update = () => sheet(270, 'Two processes add one to 5: both read 5, both write 6; one update is lost',
  text(230, 32, 'producer A', { bold: true }), text(530, 32, 'producer B', { bold: true }), text(692, 32, 'count', { bold: true }),
  [['reads 5', 130, BLUE, 5], ['reads 5', 430, ORANGE, 5], ['writes 6', 130, BLUE, 6], ['writes 6', 430, ORANGE, 6]].map(([words, x, fill, count], at) => box(x, 48 + at * 46, 200, 40, fill, words) + text(692, 75 + at * 46, count, { mono: true, size: 24 })),
  label(16, 75, 'step 1', small), label(16, 121, 'step 2', small), label(16, 167, 'step 3', small), label(16, 213, 'step 4', small), label(16, 258, 'Two items, and count went up by one.', { bold: true, fill: WRONG }));

const token_sum = () => {
  const row = (y, name, counts) => {
    let x = 130;
    return label(16, y + 30, name, { size: 19 }) + counts.map(([many, fill, words]) => {
      const made = many === 0 ? '' : box(x, y, many * 66, 46, fill, many > 1 ? `${words} ${many}` : words.slice(0, 4), { size: 18 });
      x += many * 66;
      return made;
    }).join('');
  };
  return sheet(250, 'Eight tokens at three moments: EMPTY, FULL and those held by processes are always eight together',
    row(24, 'at first', [[8, BLUE, 'EMPTY']]), row(88, 'later', [[4, BLUE, 'EMPTY'], [1, ORANGE, 'held'], [3, GREEN, 'FULL']]), row(152, 'full', [[0, BLUE, ''], [1, ORANGE, 'held'], [7, GREEN, 'FULL']]),
    label(16, 232, 'EMPTY + FULL + held = 8. A process that is killed takes what it held along.', { size: 19, bold: true }));
};

const progress_graph = () => {
  const [left, top, cell] = [150, 20, 62];
  const x = (at) => left + at * cell;
  const y = (at) => top + (5 - at) * cell;
  const way = [[0, 0], [1, 0], [1, 1], [2, 1], [3, 1], [4, 1], [4, 2], [4, 3], [5, 3], [5, 5]];
  const bad = [[0, 0], [0, 1], [1, 1], [1, 2], [2, 2]];
  const names = ['wait', 'read', 'write', 'post'];
  return sheet(410, 'A progress graph: writer to the right, reader upwards. The square in which both are inside is forbidden; a path around it is a correct run, one into it is a race',
    Array.from({ length: 6 }, (_, at) => line(`M${x(at)} ${y(0)}V${y(5)}M${x(0)} ${y(at)}H${x(5)}`, '#c3c8d0', { 'stroke-width': 1 })),
    rect(x(1), y(4), 3 * cell, 3 * cell, WRONG_FILL, { stroke: WRONG, ...dashed }), text(x(2.5), y(3.3), 'both inside', { fill: WRONG, bold: true }),
    line(`M${way.map(([a, b]) => `${x(a)} ${y(b)}`).join('L')}`, ACCENT, { 'stroke-width': 5 }), line(`M${bad.map(([a, b]) => `${x(a)} ${y(b)}`).join('L')}`, WRONG, { 'stroke-width': 4, 'stroke-dasharray': '4 5' }), line(`M${x(2) + 4} ${y(2) - 8}l16 16m0 -16l-16 16`, WRONG, { 'stroke-width': 4 }),
    names.map((name, at) => text(x(at + 0.5), y(0) + 26, name, { size: 18, mono: true }) + text(x(0) - 12, y(at + 0.5) + 6, name, { size: 18, mono: true, anchor: 'end' })),
    text(x(2.5), y(0) + 56, 'producer A', { bold: true }), text(70, y(4.4), 'producer B', { bold: true }),
    label(490, 100, 'blue: a run', { fill: ACCENT, bold: true }), label(490, 128, 'that goes well'), label(490, 178, 'red: no semaphore', { fill: WRONG, bold: true }), label(490, 206, 'stopped it'), label(490, 262, 'The semaphore is the'), label(490, 288, 'wall around the square.'));
};

const wait_for = () => sheet(300, 'A cycle: producer A holds MUTEX and waits for a token of EMPTY, which only the consumer posts; the consumer waits for MUTEX, which A holds',
  box(40, 40, 210, 70, BLUE, 'producer A', { bold: true, size: 22 }), box(510, 40, 210, 70, ORANGE, 'consumer', { bold: true, size: 22 }), box(40, 190, 210, 60, GREEN, 'MUTEX', { mono: true, size: 22 }), box(510, 190, 210, 60, YELLOW, 'EMPTY = 0', { mono: true, size: 22 }),
  arrow(145, 186, 145, 114), label(156, 156, 'held by', { size: 19 }), arrow(615, 186, 615, 114), label(626, 156, 'posted by', { size: 19 }),
  arrow(252, 96, 506, 196, WRONG), text(386, 128, 'waits for', { fill: WRONG, bold: true }), arrow(508, 104, 254, 200, WRONG), text(380, 200, 'waits for', { fill: WRONG, bold: true }),
  label(16, 288, 'MUTEX first, then EMPTY: follow the arrows, they lead around. Nobody goes on.', { size: 19, bold: true }));

const futex = () => sheet(270, 'sem_wait takes a token in user space when there is one; otherwise it enters the kernel, which compares once more and puts the process to sleep until a post wakes it',
  label(16, 40, 'user space', { bold: true }), box(150, 14, 250, 54, BLUE, 'value > 0: take one', {}), label(420, 48, 'no system call', small), box(150, 86, 250, 54, ORANGE, '0: say "I wait"', {}), box(150, 200, 250, 54, GREEN, 'still 0? sleep', {}), line('M8 170H752', QUIET, dashed), label(16, 236, 'kernel', { bold: true }),
  arrow(275, 142, 275, 196), label(288, 190, 'FUTEX_WAIT', { mono: true, size: 18 }), box(500, 86, 240, 54, BLUE, 'sem_post: value + 1', { size: 19 }), box(500, 200, 240, 54, GREEN, 'wake one sleeper', {}), arrow(620, 142, 620, 196), label(632, 190, 'FUTEX_WAKE', { mono: true, size: 18 }), arrow(498, 227, 404, 227));

const priority = () => {
  const row = (y, name, parts) => lane(y, 52, name) + parts.map(([x, width, fill, words]) => box(x, y + 5, width, 42, fill, words, { size: 17 })).join('');
  return sheet(250, 'Priority inversion: low holds the lock, high waits for it, and medium runs all the while; inheritance would let low finish at high priority first',
    row(20, 'high', [[330, 260, WRONG_FILL, 'waits for the lock'], [590, 140, GREEN, 'runs']]), row(78, 'medium', [[390, 140, BLUE, 'runs, and runs']]), row(136, 'low', [[130, 130, BLUE, ''], [180, 150, ORANGE, 'has the lock'], [530, 60, ORANGE, 'goes on']]),
    arrow(140, 212, 730, 212, QUIET), label(16, 218, 'time', small), label(16, 244, 'Inheritance: low runs as high until it unlocks. A semaphore has no owner to raise.', { size: 18, bold: true }));
};

/* --- snapshot --- */

const records = (x, y, versions) => versions.map((version, at) => box(x + at * 62, y, 62, 48, [PAPER, BLUE, ORANGE][version], version ? `of ${version}` : '', { size: 18 })).join('');

const torn_snapshot = () => sheet(320, 'The reader copies records one after the other while the writer replaces them: its copy has two records of the old and two of the new picture',
  label(16, 48, 'before', { bold: true }), records(130, 18, [1, 1, 1, 1]), label(400, 48, 'the reader copies two', { size: 19 }), label(16, 122, 'then', { bold: true }), records(130, 92, [2, 2, 2, 2]), label(400, 122, 'the writer replaces all', { size: 19 }), label(16, 196, 'after', { bold: true }), records(130, 166, [2, 2, 2, 2]), label(400, 196, 'the reader copies the other two', { size: 19 }),
  label(16, 270, 'its copy', { bold: true, fill: WRONG }), records(130, 240, [1, 1, 2, 2]), label(400, 270, 'a picture that never was', { fill: WRONG, bold: true }));

const replace = () => sheet(300, 'The producer makes a new object and gives it the name; a reader that has the old one keeps it, whole, until it unmaps; the kernel frees it then',
  box(30, 30, 200, 54, YELLOW, '/ipc_dog_shm', { mono: true, size: 18 }), text(130, 20, 'the name', small), box(330, 24, 190, 64, BLUE, 'old object\n4 detections', { size: 19 }), box(330, 150, 190, 64, GREEN, 'new object\n6 detections', { size: 19 }),
  arrow(232, 52, 326, 52, QUIET, dashed), text(276, 42, 'before', small), arrow(200, 86, 326, 176, ACCENT), text(218, 156, 'now', { fill: ACCENT, bold: true }), box(590, 24, 150, 64, ORANGE, 'a reader\nof before', { size: 19 }), box(590, 150, 150, 64, ORANGE, 'a reader\nof now', { size: 19 }), arrow(588, 56, 524, 56), arrow(588, 182, 524, 182),
  label(16, 258, 'Nobody writes into what somebody reads. The kernel counts the readers of the old one', { size: 19, bold: true }), label(16, 284, 'and frees it after the last: replace, do not overwrite (as RCU does).', { size: 19, bold: true }));

const double_fetch = () => sheet(280, 'The reader checks the count while it is 4; the peer changes it; the reader uses the count, loaded again from shared memory, and believes two thousand million records',
  lane(20, 60, 'reader'), box(120, 26, 220, 48, RIGHT_FILL, 'count = 4: in range', { size: 18 }), box(520, 26, 222, 48, WRONG_FILL, 'for (i < count) ...', { mono: true, size: 17 }), lane(88, 60, 'peer'), box(350, 94, 160, 48, ORANGE, 'count = 2^31 − 1', { size: 17 }), lane(156, 60, 'memory'), box(120, 162, 230, 48, BLUE, '4', mono), box(350, 162, 392, 48, WRONG_FILL, '2147483647', mono),
  arrow(230, 160, 230, 78, ACCENT), arrow(630, 160, 630, 78, WRONG), arrow(430, 144, 430, 160), label(16, 246, 'Two loads, two answers. Load it once, check that copy, use that copy', { bold: true }), label(16, 270, '(and see that the compiler does not load it again).', { bold: true }));

/* --- queue --- */

const scene = (x, y, width, height, shift, boxes) => {
  const shapes = [[40 + shift, 50, 'square'], [150 - shift, 120, 'circle'], [240 + shift, 60, 'triangle']];
  const one = ([cx, cy, kind]) => {
    const form = kind === 'square' ? `<rect x="${x + cx - 28}" y="${y + cy - 28}" width="56" height="56" fill="#b3471d"/>` : kind === 'circle' ? `<circle cx="${x + cx}" cy="${y + cy}" r="30" fill="#1d6fb3"/>` : `<path d="M${x + cx} ${y + cy - 30}l32 58h-64z" fill="#2e7d32"/>`;
    return form + (boxes ? rect(x + cx - 36, y + cy - 36, 72, 72, 'none', { stroke: ACCENT, 'stroke-width': 3 }) + text(x + cx, y + cy + 56, `${kind} ${boxes[kind]}`, { size: 17, bold: true }) : '');
  };
  return rect(x, y, width, height, '#eef0e6') + shapes.map(one).join('');
};

const torn_frame = () => sheet(300, 'Frame 7, frame 8, and what a consumer saw that copied while the slot was overwritten: above the line frame 8, below it frame 7',
  [['frame 7', 0], ['frame 8', 60]].map(([name, shift], at) => `<svg x="${16 + at * 248}" y="30" width="232" height="180" viewBox="0 0 300 190" preserveAspectRatio="none">${scene(0, 0, 300, 190, shift, null)}</svg>` + text(132 + at * 248, 236, name, { bold: true })),
  `<svg x="512" y="30" width="232" height="96" viewBox="0 0 300 101" preserveAspectRatio="none">${scene(0, 0, 300, 190, 60, null)}</svg><svg x="512" y="126" width="232" height="84" viewBox="0 101 300 89" preserveAspectRatio="none">${scene(0, 0, 300, 190, 0, null)}</svg>`,
  line('M504 126H752', WRONG, { 'stroke-width': 3, 'stroke-dasharray': '6 4' }), text(628, 236, 'torn', { fill: WRONG, bold: true }), label(16, 282, 'Every byte is right, and the picture never was: no checksum of a byte tells.', { size: 19, bold: true }));

const frame_boxes = () => sheet(280, 'A frame of the synthetic scene with three detections: each has a box, a class and a confidence',
  scene(30, 20, 300, 200, 6, { square: '0.97', circle: '0.99', triangle: '0.94' }),
  label(370, 50, 'a detection, 24 bytes', { bold: true }), ['class_id   1', 'confidence 0.99', 'x 114  y 90', 'w 72   h 72'].map((words, at) => label(370, 84 + at * 32, words, { mono: true, size: 19 })),
  label(370, 220, 'box in pixels of the frame', small), label(16, 266, 'Confidence: how sure that something is there × how sure of its class.', { size: 19, bold: true }));

const ring = () => {
  const at = (slot) => [380 + 150 * Math.sin((slot * 2 * Math.PI) / 5), 175 - 125 * Math.cos((slot * 2 * Math.PI) / 5)];
  const names = ['', 'frame 6', 'frame 7', 'frame 8', ''];
  return sheet(370, 'Five slots in a circle: read_idx points to the oldest frame in slot 1, write_idx to the free slot 4, count is 3',
    line(`M${[0, 1, 2, 3, 4, 0].map((slot) => at(slot).map(Math.round).join(' ')).join('L')}`, QUIET, dashed),
    names.map((name, slot) => { const [x, y] = at(slot).map(Math.round); return box(x - 62, y - 30, 124, 60, name ? BLUE : PAPER, `slot ${slot}\n${name || 'free'}`, { size: 18 }); }),
    arrow(690, 70, 590, 118, '#00507a'), label(610, 60, 'read_idx 1', { mono: true, size: 18, fill: '#00507a' }), arrow(90, 70, 168, 118, '#8a3b00'), label(24, 60, 'write_idx 4', { mono: true, size: 18, fill: '#8a3b00' }), text(380, 182, 'count 3', { mono: true, size: 22 }),
    label(16, 356, 'FULL has 3 tokens, EMPTY 2. A token does not say which slot: the indices do.', { size: 19, bold: true }));
};

const cache_lines = () => sheet(270, 'Two indices in one cache line: each store by one core takes the line from the other. In two lines they do not disturb each other',
  label(16, 36, 'one line of 64 bytes', { bold: true }), box(16, 50, 160, 50, BLUE, 'written', mono), box(176, 50, 160, 50, ORANGE, 'read', mono), rect(336, 50, 160, 50, PAPER), label(516, 66, 'both cores want it:', { size: 18, fill: WRONG }), label(516, 92, 'it goes to and fro', { size: 18, fill: WRONG }),
  label(16, 146, 'two lines', { bold: true }), box(16, 160, 160, 50, BLUE, 'written', mono), rect(176, 160, 160, 50, PAPER), line('M346 152v66', INK, dashed), box(356, 160, 160, 50, ORANGE, 'read', mono), rect(516, 160, 160, 50, PAPER), text(176, 236, 'producer stores here', small), text(516, 236, 'consumer stores here', small), label(16, 262, '64 bytes here; 128 on other machines: measure.', { size: 19 }));

const first_touch = () => sheet(260, 'ftruncate gives an object a size and no memory; each page comes with the first touch, by a page fault, zeroed, in the memory of the processor that touched it',
  label(16, 36, 'after ftruncate', { bold: true, room: 156 }), Array.from({ length: 10 }, (_, at) => box(180 + at * 56, 14, 50, 36, PAPER, '', { frame: dashed })), label(16, 106, 'the producer fills', { bold: true, room: 156 }), Array.from({ length: 10 }, (_, at) => box(180 + at * 56, 84, 50, 36, at < 6 ? BLUE : PAPER, at < 6 ? 'page' : '', { size: 17, frame: at < 6 ? {} : dashed })), label(16, 176, 'the consumer maps', { bold: true, room: 156 }), Array.from({ length: 10 }, (_, at) => box(180 + at * 56, 154, 50, 36, at < 2 ? GREEN : at < 6 ? BLUE : PAPER, at < 2 ? 'seen' : at < 6 ? 'fault' : '', { size: 17, frame: at < 6 ? {} : dashed })),
  label(16, 226, 'Each page costs a fault on both sides, once. Memory is charged to the group', { size: 19, bold: true }), label(16, 250, 'that touches first: touch all before you measure (MAP_POPULATE).', { size: 19, bold: true }));

const bench_bars = () => {
  const { rows } = JSON.parse(fs.readFileSync(path.join(ROOT, 'tools', 'bench', 'results', 'bench.json'), 'utf8'));
  const wanted = [['lab6-reference.stream', 'lab 6: queue in shared memory', GREEN], ['unix-seqpacket.stream', 'UNIX seqpacket socket', BLUE], ['unix-stream.stream', 'UNIX stream socket', BLUE], ['tcp.stream', 'TCP over loopback', BLUE], ['posix-queue.stream', 'POSIX message queue', BLUE], ['pipe.stream', 'pipe', BLUE]];
  const bars = wanted.map(([id, name, fill]) => {
    const row = rows.find((each) => each.id === id);
    if (row === undefined) throw new Error(`bench.json has no row ${id}`);
    return { name, fill, many: row.median };
  });
  const most = Math.max(...bars.map(({ many }) => many));
  return sheet(330, `Frames of 1.2 MB a second: ${bars.map(({ name, many }) => `${name} ${Math.round(many)}`).join(', ')}`,
    label(16, 34, 'Frames of 1.2 MB a second, two copies each', { bold: true }),
    bars.map(({ name, many, fill }, at) => label(16, 78 + at * 44, name, { size: 18, room: 264 }) + rect(290, 56 + at * 44, Math.max(2, (many / most) * 360), 32, fill) + label(300 + (many / most) * 360, 79 + at * 44, Number(many.toPrecision(3)).toLocaleString('en'), { size: 18, mono: true })));
};

/* --- film strips: the figures' models, two columns for a page --- */

const PAGE = { columns: 2, letters: 42 }; // in the fonts of a reader's machine

const film = (name, wanted, run) => () =>
  filmSvg(name, settingsFrom(models[name], wanted), run, PAGE).replace(/viewBox="0 0 (\d+) (\d+)"/, (all, width, height) => `${all} width="${width}" height="${height}" font-family="'Source Sans 3', 'DejaVu Sans', sans-serif"`).replace(/(<svg[^>]*>)/, `$1<rect width="100%" height="100%" fill="${PAPER}"/>`) + '\n';

export const DRAWINGS = {
  'alignment.svg': alignment,
  'bench-bars.svg': bench_bars,
  'cache-lines.svg': cache_lines,
  'dead-peer.svg': dead_peer,
  'double-fetch.svg': double_fetch,
  'film-handshake-flag-first.svg': film('handshake', { program: 'flag-first' }),
  'film-handshake-half.svg': film('handshake', { program: 'half' }),
  'film-layout.svg': film('layout', { mirror: 'right' }),
  'film-lifetime-key.svg': film('lifetime', { api: 'sysv' }, 'ca|CA|r|K|SC'),
  'film-lifetime-left.svg': film('lifetime', { api: 'sysv' }),
  'film-lifetime-posix.svg': film('lifetime', { api: 'posix' }),
  'film-queue-block.svg': film('queue', { policy: 'block' }),
  'film-queue-oldest.svg': film('queue', { policy: 'oldest' }),
  'film-semaphores-swapped.svg': film('semaphores', { order: 'swapped' }),
  'film-snapshot-once.svg': film('snapshot', { guard: 'once' }),
  'film-snapshot-sequence.svg': film('snapshot', { guard: 'sequence' }),
  'first-touch.svg': first_touch,
  'frame-boxes.svg': frame_boxes,
  'futex.svg': futex,
  'key-id-address.svg': key_id_address,
  'life-sysv.svg': life_sysv,
  'little-endian.svg': little_endian,
  'lost-update.svg': lost_update,
  'ownership.svg': ownership,
  'priority.svg': priority,
  'progress-graph.svg': progress_graph,
  'release-acquire.svg': release_acquire,
  'replace.svg': replace,
  'ring.svg': ring,
  'store-buffer.svg': store_buffer,
  'token-sum.svg': token_sum,
  'torn-frame.svg': torn_frame,
  'torn-snapshot.svg': torn_snapshot,
  'wait-for.svg': wait_for,
  'waiting.svg': waiting,
  'where-objects.svg': where_objects,
};
