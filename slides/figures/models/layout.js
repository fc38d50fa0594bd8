/*
 * Where a compiler puts the members of a struct, and what a Python mirror makes of the same bytes.
 *
 * The rule is that of the x86-64 and arm64 ABIs: each member at the next offset that its alignment divides, the whole
 * rounded up to the largest alignment. The mirrors: `right` follows the rule (ctypes.Structure does), `packed` says
 * _pack_ = 1, `table` has a published offset table that puts the timestamp four bytes too late, as lab 1's contract does.
 */
const MEMBERS = {
  ready: { type: 'bool', ctype: 'c_bool', size: 1, align: 1, value: true, read: (view, at) => view.getUint8(at) !== 0, write: (view, at) => view.setUint8(at, 1) },
  value: { type: 'double', ctype: 'c_double', size: 8, align: 8, value: 23.5, read: (view, at) => view.getFloat64(at, true), write: (view, at) => view.setFloat64(at, 23.5, true) },
  count: { type: 'int32_t', ctype: 'c_int32', size: 4, align: 4, value: 42, read: (view, at) => view.getInt32(at, true), write: (view, at) => view.setInt32(at, 42, true) },
  stamp: { type: 'int64_t', ctype: 'c_int64', size: 8, align: 8, value: 1700000000000, read: (view, at) => Number(view.getBigInt64(at, true)), write: (view, at) => view.setBigInt64(at, 1700000000000n, true) },
  rgb: { type: 'uint8_t', ctype: 'c_uint8', length: 3, size: 3, align: 1, value: '255 128 0', read: (view, at) => [0, 1, 2].map((k) => view.getUint8(at + k)).join(' '), write: (view, at) => [255, 128, 0].forEach((each, k) => view.setUint8(at + k, each)) },
};
export const NAMES = Object.keys(MEMBERS);
const LATE = 4; // bytes by which the published table is wrong

const roundUp = (at, align) => Math.ceil(at / align) * align;

/** { fields: [{ name, offset, size }], holes: [{ offset, size }], size } of the members in this order. */
export function layoutOf(order, pack = 8) {
  const fields = [];
  const holes = [];
  let at = 0;
  let largest = 1;
  for (const name of order) {
    const align = Math.min(MEMBERS[name].align, pack);
    const offset = roundUp(at, align);
    if (offset > at) holes.push({ offset: at, size: offset - at });
    fields.push({ name, offset, size: MEMBERS[name].size });
    at = offset + MEMBERS[name].size;
    largest = Math.max(largest, align);
  }
  const size = roundUp(at, largest);
  if (size > at) holes.push({ offset: at, size: size - at });
  return { fields, holes, size };
}

/** Where the mirror looks for each member: name -> offset. */
export function mirrorOf(order, mirror) {
  const { fields } = layoutOf(order, mirror === 'packed' ? 1 : 8);
  let late = 0;
  return Object.fromEntries(
    fields.map(({ name, offset }) => {
      if (mirror === 'table' && name === 'stamp') late = LATE;
      return [name, offset + late];
    }),
  );
}

/** The bytes as the C writer leaves them: padding is zero. */
export function bytesOf(order) {
  const { fields, size } = layoutOf(order);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const { name, offset } of fields) MEMBERS[name].write(view, offset);
  return bytes;
}

/** What the mirror reads: [{ name, offset, value, right }]; what is after the struct is zero, as in a page. */
export function readingOf(order, mirror) {
  const offsets = mirrorOf(order, mirror);
  const padded = new Uint8Array(64);
  padded.set(bytesOf(order));
  const view = new DataView(padded.buffer);
  return order.map((name) => {
    const value = MEMBERS[name].read(view, offsets[name]);
    return { name, offset: offsets[name], value, right: value === MEMBERS[name].value };
  });
}

export const ownerOf = (order, byte) => layoutOf(order).fields.find(({ offset, size }) => byte >= offset && byte < offset + size);

const orderOf = (settings) => settings.order.split(',');
const declaration = (name) => `${MEMBERS[name].type} ${name}${MEMBERS[name].length ? `[${MEMBERS[name].length}]` : ''};`;

const moved = (order, at) => {
  const next = [...order];
  [next[at - 1], next[at]] = [next[at], next[at - 1]];
  return next.join();
};

const byteWords = (order, byte) => {
  const owner = ownerOf(order, byte);
  const hex = bytesOf(order)[byte].toString(16).padStart(2, '0');
  if (owner === undefined) return `Byte ${byte} is padding: it belongs to no member.`;
  return `Byte ${byte} holds 0x${hex} and is byte ${byte - owner.offset} of ${owner.name}, which begins at ${owner.offset}.`;
};

const mirrorWords = (order, mirror) => {
  const wrong = readingOf(order, mirror).filter((each) => !each.right);
  if (wrong.length === 0) return 'Python reads every member right.';
  return `Python reads ${wrong.length} of ${order.length} members wrong: ${wrong.map((each) => each.name).join(', ')}.`;
};

export const layout = {
  name: 'layout',
  title: 'Where the members are',
  settings: [
    { name: 'order', label: 'Order', kind: 'order', initial: NAMES.join(), values: NAMES, hidden: true },
    {
      name: 'mirror',
      label: 'Python has',
      kind: 'choice',
      initial: 'right',
      keeps: true,
      values: [
        { value: 'right', label: 'the same struct' },
        { value: 'packed', label: '_pack_ = 1' },
        { value: 'table', label: 'a table with stamp 4 late' },
      ],
    },
    { name: 'byte', label: 'Byte', kind: 'number', initial: -1, least: -1, most: 63, hidden: true },
  ],

  hides: true, // the picture would give the answer away

  start: () => ({ said: '' }),

  programs: (_state, settings) => [{ who: 'struct sample', lines: orderOf(settings).map(declaration), at: -1 }],

  steps: (_state, settings) =>
    orderOf(settings).slice(1).map((name, at) => ({ set: { order: moved(orderOf(settings), at + 1), byte: -1 }, who: 'Move a member', label: `${name} up` })),

  take: (state) => state,
  fault: () => '',
  finished: () => false,
  settled: () => true,

  words(_state, settings) {
    const order = orderOf(settings);
    const { size, holes } = layoutOf(order);
    const padding = holes.reduce((sum, hole) => sum + hole.size, 0);
    const about = settings.byte >= 0 && settings.byte < size ? `${byteWords(order, settings.byte)} ` : '';
    return `${about}sizeof is ${size}, ${padding} of them padding. ${mirrorWords(order, settings.mirror)}`;
  },

  predict(settings) {
    const order = orderOf(settings);
    const { size } = layoutOf(order);
    const bare = layoutOf(order, 1).size;
    const sizes = [...new Set([bare, size, roundUp(bare, 8) + 8, size + 4])].sort((a, b) => a - b);
    return {
      question: 'What is sizeof(struct sample)?',
      choices: sizes.map((each) => `${each} bytes`),
      answer: sizes.indexOf(size),
      because: size === bare ? 'there is no hole: the large members come first.' : 'a double and an int64_t are at multiples of 8, and so does the end.',
    };
  },

  film: () => '',

  /** For print: as it opens, seen by a wrong mirror, and in the order that leaves no hole. */
  filmSettings(settings) {
    const best = ['value', 'stamp', 'count', 'rgb', 'ready'].join();
    return [
      { ...settings, byte: -1 },
      { ...settings, mirror: settings.mirror === 'table' ? 'packed' : 'table', byte: -1 },
      { ...settings, mirror: 'right', order: best, byte: -1 },
    ];
  },
};
