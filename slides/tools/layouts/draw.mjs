// Pictures of memory, drawn from the layouts that dump.py reads: a struct as a grid of bytes, and rows of large parts.
// Every number in them comes from the compiler.
import { ACCENT, FILLS, HOLE, INK, PANEL, PAPER, QUIET, WRONG } from '../../figures/palette.js';
import { clean, line, rect, text } from '../../figures/svg.js';

const WIDTH = 1152; // a slide's text
const PER_ROW = 8;
const ROW = 46; // height, where a picture does not need it smaller
const MONO = 0.6; // width of a letter of the code font, in its size

const number = (value) => value.toLocaleString('en-US');

/** The stretches that belong to no member, and members that are named for being padding. */
export const holesOf = ({ size, fields }) => {
  const holes = [];
  let at = 0;
  for (const field of fields) {
    if (field.offset > at) holes.push({ name: 'padding', offset: at, size: field.offset - at, hole: true });
    at = field.offset + field.size;
  }
  if (size > at) holes.push({ name: 'padding', offset: at, size: size - at, hole: true });
  return holes;
};

const isPadding = (name) => /^_?padding\d*$/.test(name);

// Grey is left to the holes.
const COLOURS = FILLS.slice(0, -1);

/** Members and holes, in order; a colour for each member. */
const partsOf = (layout) => {
  const members = layout.fields.filter((field) => !isPadding(field.name));
  const coloured = layout.fields.map((field) => (isPadding(field.name) ? { ...field, name: 'padding', hole: true } : { ...field, fill: COLOURS[members.indexOf(field) % COLOURS.length] }));
  return [...coloured, ...holesOf(layout)].sort((a, b) => a.offset - b.offset);
};

/** Row of bytes -> row of the drawing: of a member that fills more than three rows only the first and the last are drawn. */
const rowsDrawn = (parts, first, last, elide) => {
  const drawn = new Map();
  const gaps = [];
  let y = 0;
  for (let row = first; row <= last; row++) {
    const inside = parts.find(({ offset, size }) => offset <= row * PER_ROW && offset + size >= (row + 1) * PER_ROW);
    const end = inside === undefined ? row : Math.floor((inside.offset + inside.size) / PER_ROW) - 1;
    if (elide && end - row >= 3) {
      drawn.set(row, y);
      gaps.push({ y: y + 1, from: (row + 1) * PER_ROW, to: end * PER_ROW - 1, name: inside.name });
      drawn.set(end, y + 2);
      y += 3;
      row = end;
    } else {
      drawn.set(row, y);
      y += 1;
    }
  }
  return { drawn, gaps, rows: y };
};

const hatched = (x, y, width, height) =>
  rect(x, y, width, height, PAPER, { 'stroke-width': 0 }) + `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="url(#hole)" stroke="${INK}" stroke-width="2"/>`;

const label = (part, x, y, width, height, whole) => {
  const words = part.hole ? (whole ? `${part.size} bytes of padding` : 'padding') : `${part.name}  ${part.type.replace(/_Bool/, 'bool').replace(/ \[/, '[')}`;
  const short = part.hole ? (part.size > 1 ? 'padding' : '') : part.name;
  const fits = [words, short].find((each) => each.length * 18 * MONO < width - 12);
  if (fits === undefined || fits === '') return '';
  const room = fits.length * 18 * MONO + 12;
  const plate = part.hole ? rect(x + width / 2 - room / 2, y + 6, room, height - 12, PAPER, { 'stroke-width': 0 }) : '';
  return plate + text(x + width / 2, y + height / 2 + 6, fits, { size: 18, mono: true });
};

/**
 * A struct, eight bytes to a row, from byte `from` up to `to`; the name of a member that begins at byte `clear.from` is
 * after `clear.to`. Returns { body, height, cellAt }.
 */
export const grid = (layout, { x = 0, y = 0, width = WIDTH, from = 0, to = layout.size, high = ROW, elide = true, clear } = {}) => {
  const parts = partsOf(layout);
  const left = x + 74;
  const cell = (x + width - left - 4) / PER_ROW;
  const top = y + 30;
  const { drawn, gaps, rows } = rowsDrawn(parts, Math.floor(from / PER_ROW), Math.ceil(to / PER_ROW) - 1, elide);
  const out = Array.from({ length: PER_ROW }, (_, at) => text(left + (at + 0.5) * cell, top - 9, `+${at}`, { size: 16, fill: QUIET }));
  for (const [row, at] of drawn) out.push(text(left - 12, top + at * high + high / 2 + 6, number(row * PER_ROW), { size: 18, anchor: 'end', fill: QUIET }));
  for (const part of parts) {
    let widest = null;
    for (let byte = Math.max(part.offset, from); byte < Math.min(part.offset + part.size, to); ) {
      const row = Math.floor(byte / PER_ROW);
      const end = Math.min(part.offset + part.size, (row + 1) * PER_ROW);
      if (drawn.has(row)) {
        const box = { x: left + (byte % PER_ROW) * cell, y: top + drawn.get(row) * high, width: (end - byte) * cell };
        out.push(part.hole ? hatched(box.x, box.y, box.width, high) : rect(box.x, box.y, box.width, high, part.fill));
        for (let tick = byte + 1; tick < end; tick++) out.push(line(`M${left + (tick % PER_ROW) * cell} ${box.y}v6m0 ${high - 12}v6`, INK, { 'stroke-width': 1 }));
        if (widest === null || box.width > widest.width) widest = box;
      }
      byte = end;
    }
    if (clear?.from === part.offset) {
      const aside = (clear.to - clear.from) * cell;
      widest = { ...widest, x: widest.x + aside, width: widest.width - aside };
    }
    if (widest !== null) out.push(label(part, widest.x, widest.y, widest.width, high, widest.width > (part.size - 0.5) * cell));
  }
  for (const gap of gaps) {
    out.push(text(left - 12, top + gap.y * high + high / 2 + 6, '…', { size: 18, anchor: 'end', fill: QUIET }));
    out.push(text(left + 4 * cell, top + gap.y * high + high / 2 + 6, `bytes ${number(gap.from)} to ${number(gap.to)}: ${gap.name}`, { size: 18, fill: QUIET }));
  }
  return { body: out.join(''), height: 30 + rows * high + 2, cellAt: (byte) => ({ x: left + (byte % PER_ROW) * cell, y: top + drawn.get(Math.floor(byte / PER_ROW)) * high, width: cell }) };
};

/** Large parts in a row, not to scale: { name, note, offset } each; `weights` their widths. */
const row = (parts, { x = 0, y = 0, width = WIDTH, height = 86 }) => {
  const sum = parts.reduce((total, part) => total + part.weight, 0);
  let at = x;
  return parts
    .map((part) => {
      const wide = (part.weight / sum) * width;
      const left = at;
      at += wide;
      part.left = left;
      part.right = at;
      return (
        (part.offset === undefined ? '' : text(left + 2, y + 16, number(part.offset), { size: 17, anchor: 'start', fill: QUIET })) +
        rect(left, y + 24, wide, height, part.fill) +
        text(left + wide / 2, y + 24 + height / 2 + (part.note ? -4 : 7), part.name, { size: 20, mono: true }) +
        (part.note ? text(left + wide / 2, y + 24 + height / 2 + 24, part.note, { size: 18 }) : '')
      );
    })
    .join('');
};

// From a part of a row down to the drawing that shows it larger.
const enlarge = (part, y, to, left = 0, right = WIDTH) => line(`M${part.left} ${y}L${left} ${to}M${part.right} ${y}L${right} ${to}`, ACCENT, { 'stroke-dasharray': '5 5' });

const picture = (title, told, height, body) =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title told" font-family="'Source Sans 3', 'DejaVu Sans', sans-serif">`,
    `<title id="title">${clean(title)}</title>`,
    `<desc id="told">${clean(told)}</desc>`,
    `<defs><pattern id="hole" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="8" height="8" fill="${PANEL}"/><rect width="3" height="8" fill="${HOLE}"/></pattern></defs>`,
    `<rect width="${WIDTH}" height="${height}" fill="${PAPER}"/>`,
    body.replace(/(<(?:rect|path|text|circle))/g, '\n$1').trim(),
    '</svg>',
    '',
  ].join('\n');

const heading = (x, y, words, more = '') => text(x, y, words, { size: 24, anchor: 'start', bold: true, mono: true }) + (more ? text(x + words.length * 24 * MONO + 18, y, more, { size: 20, anchor: 'start' }) : '');

const listed = (layout) => layout.fields.filter((each) => !isPadding(each.name)).map((each) => `${each.name} at ${number(each.offset)}`).join(', ');

const paddingOf = (layout) => [...layout.fields.filter((each) => isPadding(each.name)), ...holesOf(layout)].reduce((sum, each) => sum + each.size, 0);

const fieldOf = (layout, name) => layout.fields.find((each) => each.name === name);

/* --- the pictures --- */

const whole = (name, told) => (layouts) => {
  const layout = layouts[name];
  const drawn = grid(layout, { y: 34, high: layout.size > 128 ? 34 : ROW });
  const words = `${told}: ${layout.size} bytes, ${paddingOf(layout)} of them padding. ${listed(layout)}.`;
  return { title: `Layout of struct ${name}`, told: words, svg: picture(`Layout of struct ${name}`, words, drawn.height + 40, heading(0, 24, `struct ${name}`, `${layout.size} bytes, ${paddingOf(layout)} of them padding`) + drawn.body) };
};

const disagreement = ({ natural_data: natural, shared_data: published }) => {
  const [ours, theirs] = [fieldOf(natural, 'timestamp').offset, fieldOf(published, 'timestamp').offset];
  const from = Math.floor((ours - 1) / PER_ROW) * PER_ROW;
  const to = from + 4 * PER_ROW;
  const half = WIDTH / 2 - 20;
  const right = WIDTH / 2 + 20;
  const [a, b] = [grid(natural, { y: 64, width: half, from, to, elide: false, clear: { from: ours, to: theirs } }), grid(published, { x: right, y: 64, width: half, from, to, elide: false })];
  const wrong = [a, b].map(({ cellAt }) => {
    const { x, y, width } = cellAt(ours);
    return rect(x + 2, y + 2, (theirs - ours) * width - 4, ROW - 4, 'none', { stroke: WRONG, 'stroke-width': 6 });
  });
  const under = 64 + a.height + 34;
  const told =
    `Bytes ${from} to ${to - 1} of the shared struct, twice. The compiler puts timestamp at ${ours} and data_array at ${fieldOf(natural, 'data_array').offset}; ` +
    `the published table has timestamp at ${theirs} and data_array at ${fieldOf(published, 'data_array').offset}. Bytes ${ours} to ${theirs - 1} are the first half of timestamp in the one and padding in the other.`;
  const body =
    heading(0, 26, 'The compiler', `sizeof ${natural.size}`) +
    heading(right, 26, 'The published table', `sizeof ${published.size}`) +
    a.body +
    b.body +
    wrong.join('') +
    text(0, under, `Bytes ${ours} to ${theirs - 1}: the low half of timestamp`, { size: 21, anchor: 'start', fill: WRONG, bold: true }) +
    text(right, under, `Bytes ${ours} to ${theirs - 1}: padding`, { size: 21, anchor: 'start', fill: WRONG, bold: true }) +
    text(0, under + 36, `A reader of the table takes bytes ${theirs} to ${theirs + 7} for the time,`, { size: 21, anchor: 'start' }) +
    text(0, under + 66, `and finds data_array[1] where it looks for data_array[0].`, { size: 21, anchor: 'start' });
  return { title: 'Two layouts of one struct', told, svg: picture('Two layouts of one struct', told, under + 80, body) };
};

const buffer = ({ bounded_buffer: header, buffer_message: message }) => {
  const parts = [
    { name: 'header', note: `${fieldOf(header, 'slots').offset} bytes`, offset: 0, weight: 3, fill: FILLS[0] },
    ...[0, 1].map((at) => ({ name: `slots[${at}]`, note: `${message.size} bytes`, offset: header.size + at * message.size, weight: 3, fill: FILLS[2] })),
    { name: '…', offset: header.size + 2 * message.size, weight: 2, fill: PAPER },
    { name: 'slots[capacity - 1]', note: `${message.size} bytes`, weight: 4, fill: FILLS[2] },
  ];
  const top = row(parts, { y: 40 });
  const [left, right] = [WIDTH / 2 - 30, WIDTH / 2 + 30];
  const a = grid({ size: header.size, fields: header.fields.filter((each) => each.size > 0) }, { y: 246, width: left });
  const b = grid(message, { x: right, y: 246, width: left });
  const told = `The bounded buffer: a header of ${header.size} bytes (${listed({ fields: header.fields.slice(0, -1) })}), then capacity messages of ${message.size} bytes each (${listed(message)}).`;
  const body =
    heading(0, 24, 'struct bounded_buffer') +
    top +
    enlarge(parts[0], 152, 210, 0, left) +
    enlarge(parts[1], 152, 210, right, WIDTH) +
    text(80, 234, 'the header', { size: 20, anchor: 'start', bold: true }) +
    text(right + 76, 234, 'struct buffer_message', { size: 20, anchor: 'start', mono: true }) +
    a.body +
    b.body;
  return { title: 'The bounded buffer', told, svg: picture('The bounded buffer', told, 246 + Math.max(a.height, b.height) + 6, body) };
};

const snapshot = ({ snapshot: layout, detection }) => {
  const { offset, size } = fieldOf(layout, 'records');
  const records = size / detection.size;
  const parts = [
    { name: 'count', offset: 0, weight: 1, fill: FILLS[0] },
    ...Array.from({ length: records }, (_, at) => ({ name: `[${at}]`, offset: offset + at * detection.size, weight: 1, fill: FILLS[1 + (at % 2)] })),
  ];
  const top = row(parts, { y: 40 });
  const drawn = grid(detection, { y: 246 });
  const told = `The snapshot: ${layout.size} bytes, count at 0, then ${records} records of ${detection.size} bytes from byte ${offset} on. A record: ${listed(detection)}.`;
  const body = heading(0, 24, 'struct snapshot', `${layout.size} bytes`) + top + enlarge(parts[1], 150, 246, 74, WIDTH) + heading(170, 226, 'struct detection', `${detection.size} bytes`) + drawn.body;
  return { title: 'The detection snapshot', told, svg: picture('The detection snapshot', told, 246 + drawn.height + 6, body) };
};

const queue = ({ yolo_queue: layout, queue_slot: slot, detection }) => {
  const slots = fieldOf(layout, 'slots');
  const many = slots.size / slot.size;
  const control = layout.fields.filter((each) => each.name !== 'slots');
  const parts = [
    { name: 'control', note: `${slots.offset} bytes`, offset: 0, weight: 1.1, fill: FILLS[0] },
    ...Array.from({ length: many }, (_, at) => ({ name: `slots[${at}]`, offset: slots.offset + at * slot.size, weight: 1, fill: FILLS[2], note: `${number(slot.size)}` })),
  ];
  const header = slot.fields.filter((each) => each.size <= 4);
  const [detections, pixels] = ['detections', 'pixels'].map((name) => fieldOf(slot, name));
  const inside = [
    { name: 'header', note: `${detections.offset} bytes`, offset: 0, weight: 2, fill: FILLS[4] },
    { name: `detections[${detections.size / detection.size}]`, note: `${number(detections.size)} bytes, ${detection.size} each`, offset: detections.offset, weight: 3.4, fill: FILLS[1] },
    { name: 'pixels', note: `${number(pixels.size)} bytes, row by row`, offset: pixels.offset, weight: 4.2, fill: FILLS[3] },
  ];
  const top = row(parts, { y: 40 });
  const middle = row(inside, { y: 244 });
  const told =
    `The circular queue: ${number(layout.size)} bytes. Control block: ${listed({ fields: control })}; then ${many} slots of ${number(slot.size)} bytes from byte ${slots.offset} on. ` +
    `A slot: ${listed(slot)}.`;
  const body =
    heading(0, 24, 'struct yolo_queue', `${number(layout.size)} bytes (not drawn to scale)`) +
    top +
    enlarge(parts[1], 150, 268) +
    heading(170, 232, 'struct queue_slot', `${number(slot.size)} bytes`) +
    middle +
    text(0, 400, `control: ${control.map((each) => each.name).join(', ')}`, { size: 20, anchor: 'start', mono: true }) +
    text(0, 434, `header:  ${header.map((each) => each.name).join(', ')}`, { size: 20, anchor: 'start', mono: true });
  return { title: 'The circular queue', told, svg: picture('The circular queue', told, 450, body) };
};

/** File name -> the drawing of all layouts: { title, told, svg }. */
export const DRAWINGS = {
  'lab1-layouts.svg': disagreement,
  'lab1-natural.svg': whole('natural_data', 'The struct of lab 1 as a compiler lays it out'),
  'lab1-published.svg': whole('shared_data', 'The struct of lab 1 as the published table has it'),
  'mailbox.svg': whole('mailbox', 'The mailbox of lab 3'),
  'bounded-buffer.svg': buffer,
  'snapshot.svg': snapshot,
  'queue.svg': queue,
};
