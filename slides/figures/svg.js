// SVG as text: the same drawing goes into the page, the film strip and the tests.
import { INK } from './palette.js';

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const clean = (text) => String(text).replace(/[&<>"]/g, (each) => entities[each]);

const attributes = (given) =>
  Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${clean(value)}"`)
    .join('');

export const rect = (x, y, width, height, fill, more = {}) =>
  `<rect${attributes({ x, y, width, height, fill, stroke: INK, 'stroke-width': 2, ...more })}/>`;

export const line = (d, stroke = INK, more = {}) => `<path${attributes({ d, stroke, 'stroke-width': 2, fill: 'none', ...more })}/>`;

/** Text in the middle of x; `more.anchor` start or end moves it. Pictures are drawn for a width of 560: see film.js. */
export const text = (x, y, words, { size = 20, anchor = 'middle', fill = INK, bold = false, mono = false } = {}) =>
  `<text${attributes({
    x,
    y,
    'font-size': size,
    'text-anchor': anchor,
    fill,
    'font-weight': bold ? 600 : undefined,
    'font-family': mono ? "'Source Code Pro', monospace" : undefined,
  })}>${clean(words)}</text>`;

/** A part that moves when the picture changes: from where the same key was before, or `from` another one. See play.js. */
export const moving = (key, body, from) => `<g${attributes({ 'data-key': key, 'data-from': from })}>${body}</g>`;

/** A label above or below a cell, with an arrow that points to it. */
export const pointer = (x, y, words, fill, down) =>
  text(x, down ? y - 18 : y + 34, words, { fill, bold: true }) +
  line(down ? `M${x} ${y - 12}v10m-5 -6l5 6l5 -6` : `M${x} ${y + 14}v-10m-5 6l5 -6l5 6`, fill, { 'stroke-width': 3 });
