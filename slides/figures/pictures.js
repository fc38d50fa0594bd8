/*
 * What each model looks like: picture(state, settings) -> { height, body }, SVG for a width of 560. No DOM: the same
 * drawings go into the page and into the film strip, where they are two thirds as large (so no text below 19).
 */
import { ACCENT, FILLS, HOLE, PANEL, PAPER, QUIET, RIGHT_FILL, WRONG, WRONG_FILL } from './palette.js';
import { clean, moving, pointer, rect, text } from './svg.js';
import { bytesOf, layoutOf, mirrorOf, ownerOf, readingOf } from './models/layout.js';
import { PROCESSES, references } from './models/lifetime.js';
import { WHO, waitsFor } from './models/semaphores.js';
import { RECORDS } from './models/snapshot.js';

export const WIDTH = 560;

const [BLUE, ORANGE, GREEN] = FILLS;

/* --- handshake: store buffer, memory, reader --- */

const cell = (x, y, name, value, fill, width = 150) =>
  text(x + width / 2, y - 10, name, { size: 19, fill: QUIET }) + rect(x, y, width, 52, fill) + text(x + width / 2, y + 34, value, { size: 24, mono: true });

const handshake = (state) => {
  const waiting = state.buffer.map((what, at) => moving(what, rect(20, 70 + at * 62, 150, 52, ORANGE) + text(95, 103 + at * 62, `${what} = ${what === 'value' ? 42 : 1}`, { mono: true })));
  const printed = state.printed === null ? (state.ahead === null ? '' : `(${state.ahead})`) : state.printed;
  const wrong = state.printed !== null && state.printed !== 42;
  return {
    height: 200,
    body: [
      text(95, 30, 'Store buffer', { bold: true }),
      text(280, 30, 'Shared memory', { bold: true }),
      text(465, 30, 'Reader', { bold: true }),
      rect(10, 50, 170, 144, 'none', { 'stroke-dasharray': '6 5' }),
      ...waiting,
      state.buffer.length === 0 ? text(95, 128, 'empty', { fill: QUIET }) : '',
      moving(state.value ? 'value' : 'no value', cell(205, 72, 'value', state.value, state.value ? BLUE : PAPER)),
      moving(state.ready ? 'ready' : 'not ready', cell(205, 144 + 2, '', `ready ${state.ready}`, state.ready ? BLUE : PAPER)),
      moving(`read ${printed}`, cell(390, 72, state.printed === null && state.ahead !== null ? 'loaded ahead' : 'prints', printed, wrong ? WRONG_FILL : state.printed === null ? PAPER : RIGHT_FILL), state.value ? 'value' : 'no value'),
      wrong ? text(465, 166, 'wrong!', { fill: WRONG, bold: true, size: 24 }) : '',
    ].join(''),
  };
};

/* --- semaphores: tokens, who waits where, the two slots --- */

const tokens = (name, x, y, many) => Array.from({ length: many }, (_, at) => moving(`${name} ${at}`, `<circle cx="${x + at * 30}" cy="${y}" r="11" fill="${ACCENT}"/>`)).join('');

const semaphores = (state, settings) => {
  const rows = Object.entries(state.semaphores).map(([name, value], at) => {
    const y = 44 + at * 54;
    const waiting = WHO.filter((who) => waitsFor(state, who, settings) === name).map((who) => who.toUpperCase());
    return (
      text(20, y + 7, name, { anchor: 'start', mono: true }) +
      rect(110, y - 22, 130, 44, value === 0 ? PANEL : PAPER) +
      (value === 0 ? text(175, y + 7, '0', { mono: true }) : tokens(name, 135, y, value)) +
      (waiting.length > 0 ? text(252, y + 7, `${waiting.join(', ')} ${waiting.length > 1 ? 'wait' : 'waits'}`, { anchor: 'start', fill: WRONG, bold: true }) : '')
    );
  });
  const slots = state.slots.map((item, at) => {
    const x = 380 + at * 84;
    return rect(x, 62, 84, 56, item === '' ? PAPER : BLUE) + moving(item === '' ? `free ${at}` : item, text(x + 42, 98, item === '' ? '·' : item, { size: 24, mono: true }), 'put') + (state.head === at ? moving('take', pointer(x + 24, 128, 'take', '#00507a', false)) : '') + (state.tail === at ? moving('put', pointer(x + 60, 54, 'put', '#8a3b00', true)) : '');
  });
  return { height: 190, body: text(110, 14, '', {}) + rows.join('') + slots.join('') };
};

/* --- snapshot: records in the colour of their version, the copy, the sequence --- */

const VERSIONS = [PAPER, BLUE, ORANGE, GREEN];
const recordRow = (y, label, records, from) =>
  text(10, y + 36, label, { anchor: 'start', bold: true }) +
  records.map((version, at) => moving(`${label} ${at} ${version}`, rect(110 + at * 105, y, 105, 56, VERSIONS[version]) + text(162 + at * 105, y + 36, version === 0 ? '·' : `of ${version}`, { size: 22 }), version === 0 ? undefined : `${from} ${at} ${version}`)).join('');

const snapshot = (state, settings) => {
  const torn = state.used !== null && new Set(state.used).size > 1;
  const counted = settings.guard !== 'none';
  return {
    height: 190,
    body: [
      recordRow(22, 'Memory', state.records, 'Writer'),
      recordRow(112, state.used === null ? 'Copy' : 'Used', state.used ?? (state.copy.length === RECORDS ? state.copy : []), state.used === null ? 'Memory' : 'Copy'),
      counted ? text(440, 44, 'sequence', { anchor: 'start', fill: QUIET, size: 19 }) + text(440, 74, `${state.sequence} ${state.sequence % 2 && settings.guard === 'sequence' ? 'odd' : ''}`, { anchor: 'start', size: 26, bold: true }) : '',
      counted ? text(440, 134, `before: ${state.before ?? '–'}`, { anchor: 'start', size: 20 }) : '',
      counted ? text(440, 164, `retries: ${state.retries}`, { anchor: 'start', size: 20 }) : '',
      torn ? text(440, counted ? 188 : 146, 'torn!', { anchor: 'start', fill: WRONG, bold: true, size: 24 }) : '',
    ].join(''),
  };
};

/* --- queue: slots with frame numbers and ages --- */

const queue = (state) => {
  const width = Math.min(88, 520 / state.slots.length);
  const left = (WIDTH - width * state.slots.length) / 2;
  const middle = (at) => left + at * width + width / 2;
  const slots = state.slots.map((slot, at) => {
    const x = left + at * width;
    const old = slot === null ? '' : `age ${state.time - slot.made}`;
    const inside = text(middle(at), 86, slot === null ? '·' : slot.frame, { size: 24, bold: true }) + text(middle(at), 114, old, { size: 19, fill: QUIET });
    return rect(x, 58, width, 66, slot === null ? PAPER : BLUE) + (slot === null ? inside : moving(`frame ${slot.frame}`, inside, 'write'));
  });
  const shown = state.shown === null ? 'nothing shown yet' : `shown: frame ${state.shown.frame}, age ${state.shown.age}`;
  return {
    height: 245,
    body: [
      moving('write', pointer(middle(state.write), 52, state.pending ? `write (waits with ${state.next})` : 'write', '#8a3b00', true)),
      ...slots,
      moving('read', pointer(middle(state.read), 128, state.hungry ? 'read (waits)' : 'read', '#00507a', false)),
      text(20, 190, `time ${state.time}`, { anchor: 'start', bold: true }),
      state.shown === null ? text(140, 190, shown, { anchor: 'start' }) : moving(`shown ${state.shown.frame}`, text(140, 190, shown, { anchor: 'start' }), `frame ${state.shown.frame}`),
      text(20, 214, `count ${state.count}`, { anchor: 'start' }),
      text(140, 214, `made ${state.next - 1}, lost ${state.dropped}`, { anchor: 'start' }),
      text(20, 238, 'waited', { anchor: 'start' }),
      text(140, 238, `producer ${state.waited.producer}, consumer ${state.waited.consumer}`, { anchor: 'start' }),
    ].join(''),
  };
};

/* --- lifetime: processes above, kernel below --- */

const lifetime = (state, settings) => {
  const sysv = settings.api === 'sysv';
  const process = (who, at) => {
    const x = 10 + at * 280;
    const { alive, id, attached } = state[who];
    const holds = id === null ? 'holds nothing' : attached ? `${sysv ? 'attached' : 'mapped'}: ${id}` : sysv ? `knows id ${id}` : `descriptor: ${id}`;
    return rect(x, 6, 260, 62, alive ? (attached ? BLUE : PAPER) : PANEL, alive ? {} : { 'stroke-dasharray': '6 5' }) + text(x + 130, 31, `Process ${who}${alive ? '' : ' (dead)'}`, { bold: true }) + text(x + 130, 57, alive ? holds : '', { size: 19 });
  };
  const shown = state.segments.map((segment, at) => {
    const y = 142 + at * 36;
    const name = segment.named ? (sysv ? '0x0000162e' : '/dev/shm/box') : sysv ? '0x00000000' : '(no name)';
    const refs = references(state, segment, settings);
    const row = rect(10, y - 25, 540, 34, segment.named ? GREEN : ORANGE, { 'stroke-width': 1 }) + [name, segment.id, refs, segment.named ? '' : sysv ? 'dest' : 'unlinked'].map((words, k) => text([24, 236, 330, 430][k], y, words, { anchor: 'start', mono: true, size: 19 })).join('');
    return moving(`segment ${segment.id}`, row);
  });
  const heads = sysv ? ['key', 'shmid', 'nattch', 'status'] : ['name', 'object', 'refs', ''];
  return {
    height: 226,
    body: PROCESSES.map(process).join('') + heads.map((words, k) => text([24, 236, 330, 430][k], 104, words, { anchor: 'start', fill: QUIET, size: 19 })).join('') + (shown.length > 0 ? shown.join('') : text(24, 142, sysv ? 'ipcs -m: nothing' : 'ls /dev/shm: nothing', { anchor: 'start', mono: true, size: 19 })),
  };
};

/* --- layout: the dump, byte by byte; cells can be chosen --- */

const PER_ROW = 8;
const CELL = { width: 48, height: 30 };

const dumpCell = (order, byte, value, settings, wrong) => {
  const x = 48 + (byte % PER_ROW) * CELL.width;
  const y = 4 + Math.floor(byte / PER_ROW) * CELL.height;
  const chosen = settings.byte === byte;
  const owner = ownerOf(order, byte);
  const hex = value.toString(16).padStart(2, '0');
  const label = `byte ${byte}, ${owner === undefined ? 'padding' : owner.name}: ${hex}`;
  const same = owner !== undefined && ownerOf(order, settings.byte)?.name === owner.name;
  return (
    `<g data-set="byte=${byte}"${owner === undefined ? '' : ` data-key="${owner.name} ${byte - owner.offset}"`} role="button" aria-label="${clean(label)}" aria-pressed="${chosen}">` +
    rect(x, y, CELL.width, CELL.height, owner === undefined ? HOLE : wrong ? WRONG_FILL : FILLS[order.indexOf(owner.name)], { 'stroke-width': chosen ? 5 : same ? 3 : 1 }) +
    text(x + CELL.width / 2, y + 22, hex, { mono: true, size: 19, bold: same }) +
    '</g>'
  );
};

const layout = (_state, settings) => {
  const order = settings.order.split(',');
  const { size, fields } = layoutOf(order);
  const offsets = mirrorOf(order, settings.mirror);
  const reading = readingOf(order, settings.mirror);
  const rows = Math.ceil(size / PER_ROW);
  const bottom = 4 + rows * CELL.height;
  const cells = [...bytesOf(order)].map((value, byte) => dumpCell(order, byte, value, settings, false));
  const numbers = Array.from({ length: rows }, (_, row) => text(40, 26 + row * CELL.height, row * PER_ROW, { anchor: 'end', size: 19, fill: QUIET }));
  const heads = text(16, bottom + 30, 'member', { anchor: 'start', fill: QUIET, size: 19 }) + text(126, bottom + 30, 'offset', { anchor: 'start', fill: QUIET, size: 19 }) + text(216, bottom + 30, 'Python reads', { anchor: 'start', fill: QUIET, size: 19 });
  const table = reading.map(({ name, value, right }, at) => {
    const y = bottom + 60 + at * 29;
    const shifted = offsets[name] !== fields[at].offset;
    const shown = typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
    return (
      rect(10, y - 21, 540, 28, right ? FILLS[at] : WRONG_FILL, { 'stroke-width': 1 }) +
      text(16, y, name, { anchor: 'start', mono: true, size: 19 }) +
      text(126, y, fields[at].offset, { anchor: 'start', mono: true, size: 19 }) +
      text(216, y, `${shifted ? `at ${offsets[name]}: ` : ''}${shown}${right ? '' : ' wrong'}`, { anchor: 'start', mono: true, size: 19, fill: right ? undefined : WRONG })
    );
  });
  return { height: bottom + 60 + 5 * 29, interactive: true, body: [...cells, ...numbers, heads, ...table].join('') };
};

export const pictures = { layout, lifetime, handshake, semaphores, snapshot, queue };
