// What the drawings of docs/img have in common: a white sheet 760 wide, so that a page shows it one to one, a slide half as
// large again, and a telephone half as large, light or dark around it.
import { INK, PANEL, PAPER, QUIET } from '../../figures/palette.js';
import { clean, line, rect, text } from '../../figures/svg.js';

export const SHEET = 760;
export { line, rect, text };

/** A finished drawing; `told` is its text for whoever does not see it. */
export const sheet = (height, told, ...parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SHEET} ${height}" width="${SHEET}" height="${height}" role="img" aria-label="${clean(told)}" font-family="'Source Sans 3', 'DejaVu Sans', sans-serif">` +
  `<rect width="${SHEET}" height="${height}" rx="6" fill="${PAPER}"/>${parts.flat().join('')}</svg>\n`;

// As large as wanted, or as small as the room needs in the widest font that a machine may have in the place of ours.
const fitted = (words, room, { size = 20, bold = false, mono = false }) => Math.max(14, Math.min(size, Math.floor(room / (String(words).length * (bold ? 0.61 : mono ? 0.61 : 0.55)))));

/** A box with words in its middle, one line or several. */
export const box = (x, y, width, height, fill, words = '', more = {}) => {
  const lines = String(words).split('\n');
  const size = Math.min(...lines.map((each) => fitted(each, width - 10, more)));
  const first = y + height / 2 - ((lines.length - 1) * (size + 4)) / 2 + size * 0.35;
  return rect(x, y, width, height, fill, more.frame) + lines.map((each, at) => (each === '' ? '' : text(x + width / 2, Math.round(first + at * (size + 4)), each, { ...more, size }))).join('');
};

/** A straight arrow from one point to another. */
export const arrow = (x1, y1, x2, y2, stroke = INK, more = {}) => {
  const turn = Math.atan2(y2 - y1, x2 - x1);
  const end = (angle) => `L${(x2 - 11 * Math.cos(turn + angle)).toFixed(1)} ${(y2 - 11 * Math.sin(turn + angle)).toFixed(1)}`;
  return line(`M${x1} ${y1}L${x2} ${y2}`, stroke, { 'stroke-width': 2.5, ...more }) + line(`M${x2} ${y2}${end(0.45)}M${x2} ${y2}${end(-0.45)}`, stroke, { 'stroke-width': 2.5 });
};

/** Words that begin at x, in the room to the sheet's end or in `room`. */
export const label = (x, y, words, { room = SHEET - x - 12, ...more } = {}) => text(x, y, words, { anchor: 'start', ...more, size: fitted(words, room, more) });
export const dashed = { 'stroke-dasharray': '7 5' };
export const lane = (y, height, words) => rect(8, y, SHEET - 16, height, PANEL, { stroke: QUIET, 'stroke-width': 1 }) + label(18, y + height / 2 + 7, words, { bold: true });
