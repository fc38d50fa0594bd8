// Fences beyond code: ```figure (an interactive figure), ```table (a table from a file), and code that is walked through
// with step=1|2-3.
import { escape, fenceInfo } from './markup.mjs';
import { figureHtml } from './figure.mjs';

// Code is as large as the slide has room for: see `pre` in theme.css. A line that is wider than the slide goes on in the next
// one, as in an editor: type never gets smaller than can be read from the last row.
const SIZES = [ // from large to small: lines that are longer than `characters` go on in the next one, where that is allowed
  { name: 'huge', characters: 68, line: 36, wraps: false }, // 27 pixels
  { name: 'large', characters: 73, line: 33, wraps: false }, // 25
  { name: 'middle', characters: 76, line: 32, wraps: true }, // 24
];
const ROOM = 530; // pixels below a heading
const AROUND = 46; // padding and margin of a piece of code
const FITS = 87; // what remains has 21 pixels
const SNUG = 92; // a little smaller, rather than a line for the end of a comment
const HANGING = 4; // characters by which the rest of a line that goes on is further right

/** The code's lines (HTML), each with its tags closed; `lineHtml(html, at)` says how one is enclosed. */
const linesOf = (html, lineHtml) => {
  const open = []; // a highlighted comment may go over several lines: its span is closed and opened again
  const walk = (line) => {
    const before = open.join('');
    for (const tag of line.matchAll(/<span[^>]*>|<\/span>/g)) {
      if (tag[0] === '</span>') open.pop();
      else open.push(tag[0]);
    }
    return before + line + '</span>'.repeat(open.length);
  };
  return html.replace(/(<code[^>]*>)([\s\S]*?)(<\/code>)/, (_, start, body, end) => {
    const lines = body.replace(/\n$/, '').split('\n');
    return start + lines.map((line, at) => lineHtml(`${walk(line)}\n`, at)).join('') + end;
  });
};

// Every line in a span of its own, and one Marp fragment for each step but the first, which shows at once.
const stepped = (html, steps) => {
  const marks = steps.split('|').slice(1).map((_each, at) => `<i class="step-mark" data-marpit-fragment="${at + 1}"></i>`);
  return linesOf(html, (line, at) => `<span class="line" data-line="${at + 1}">${line}</span>`)
    .replace('<code', `<code data-steps="${escape(steps)}"`)
    .replace('</code>', `</code>${marks.join('')}`);
};

// Words with a hyphen (--unlink) stay whole, and the end of a comment stays with its last word.
const whole = (html) => html.replace(/<[^>]*>|[^<\s]* \*\/|[^<\s]*-[^<\s]*/g, (part) => (part.startsWith('<') ? part : `<span class="word">${part}</span>`));

const wrapped = (html, lines) =>
  linesOf(html, (line, at) => {
    const hang = /^ */.exec(lines[at])[0].length + HANGING;
    return `<span class="long" style="padding-left:${hang}ch;text-indent:-${hang}ch">${whole(line)}</span>`;
  });

const tabless = (line) => line.replace(/\t/g, ' '.repeat(8)); // as wide as it may get
const longest = (token) => Math.max(...token.content.split('\n').map((line) => tabless(line).length));

// How many lines a piece of code takes where one has room for so many characters.
const linesTaken = (content, characters) =>
  content.trimEnd().split('\n').reduce((sum, line) => {
    const rest = tabless(line).length - characters;
    const hang = /^ */.exec(line)[0].length + HANGING + 6; // words that stay whole leave some of a line empty
    return sum + 1 + (rest > 0 ? Math.ceil((rest + 8) / Math.max(10, characters - hang)) : 0);
  }, 0);

// What else is on the slide, in pixels, estimated; Infinity where nothing may be added: a picture, a figure, a class with sizes
// of its own. The checks of pages measure what came of it.
const heightOfRest = (tokens) => {
  let height = 0;
  for (const token of tokens) {
    if (token.type === 'fence' && fenceInfo(token.info).language === 'figure') return Infinity;
    if (token.type === 'fence' && fenceInfo(token.info).language === 'table') return Infinity;
    if (token.type === 'inline' && token.children?.some((child) => /image|picture/.test(child.type))) return Infinity;
    if (token.type === 'tr_open') height += 52;
    if (token.type === 'list_item_open') height += 8;
    if (token.type === 'paragraph_open' && !token.hidden) height += 16;
    if (token.type === 'blockquote_open') height += 44;
    if (token.type === 'inline') height += 42 * Math.ceil(token.content.length / 70);
  }
  return height - (tokens.some((token) => token.type === 'heading_open') ? 42 : 0); // a heading has its room already
};

const sizeClass = (tokens, at, walked) => {
  const slideAt = tokens.findLastIndex((token, index) => index < at && token.type === 'marpit_slide_open');
  const last = tokens.findIndex((token, index) => index > at && token.type === 'marpit_slide_close');
  const slide = tokens.slice(slideAt + 1, last < 0 ? undefined : last);
  const code = slide.filter((token) => token.type === 'fence');
  const own = /dense|split/.test(tokens[slideAt]?.attrGet('class') ?? '');
  const rest = own ? Infinity : heightOfRest(slide);
  // All code of a slide has one size: the largest at which everything fits.
  const fits = ({ characters, line, wraps }) =>
    code.every((token) => longest(token) <= characters || (wraps && !walked && fenceInfo(token.info).step === undefined)) &&
    rest + code.reduce((sum, token) => sum + AROUND + line * linesTaken(token.content, characters), 0) <= ROOM;
  const size = SIZES.find(fits);
  if (size !== undefined) return longest(tokens[at]) > size.characters ? `${size.name} wrapped` : size.name;
  return longest(tokens[at]) > SNUG ? 'wrapped' : longest(tokens[at]) > FITS ? 'snug' : '';
};

export const fences = (md) => {
  const inner = new md.constructor(); // Marp's own keeps what it knows of the deck, and forgets it when it renders again
  const plain = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, at, options, env, self) => {
    const token = tokens[at];
    const info = fenceInfo(token.info);
    if (info.language === 'figure') return figureHtml(info, inner.renderInline(token.content.trim().replace(/\n/g, ' ')));
    if (info.language === 'table') return inner.render(token.content).replace('<p>', '<p class="source">');
    const html = plain(tokens, at, options, env, self);
    const size = sizeClass(tokens, at, info.step !== undefined);
    const named = size === '' ? html : html.replace('<pre', `<pre class="${size}"`);
    if (info.step !== undefined) return stepped(named, info.step);
    return size.endsWith('wrapped') ? wrapped(named, token.content.split('\n')) : named;
  };
};
