// Fences beyond code: ```figure (an interactive figure), ```table (a table from a file), and code that is walked through
// with step=1|2-3.
import { escape, fenceInfo } from './markup.mjs';
import { figureHtml } from './figure.mjs';

// Code is as large as its longest line, and how many there are, allow: see `pre` in theme.css. A line that is wider than
// the slide goes on in the next one, as in an editor: type never gets smaller than can be read from the last row.
const LARGE = { characters: 72, lines: 12 }; // lines of all the code on the slide
const FITS = 87;
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

// Words with a hyphen (--unlink) stay whole.
const whole = (html) => html.replace(/<[^>]*>|[^<\s]*-[^<\s]*/g, (part) => (part.startsWith('<') ? part : `<span class="word">${part}</span>`));

const wrapped = (html, lines) =>
  linesOf(html, (line, at) => {
    const hang = /^ */.exec(lines[at])[0].length + HANGING;
    return `<span class="long" style="padding-left:${hang}ch;text-indent:-${hang}ch">${whole(line)}</span>`;
  });

// The lines of code that are on the same slide as this fence.
const linesBeside = (tokens, at) => {
  const ends = (token) => token.type === 'marpit_slide_open' || token.type === 'marpit_slide_close';
  const first = tokens.findLastIndex((token, index) => index < at && ends(token));
  const last = tokens.findIndex((token, index) => index > at && ends(token));
  const code = tokens.slice(first + 1, last < 0 ? undefined : last).filter((token) => token.type === 'fence');
  return code.reduce((sum, token) => sum + token.content.trimEnd().split('\n').length, 0);
};

const sizeClass = (tokens, at) => {
  const longest = Math.max(...tokens[at].content.split('\n').map((line) => line.length));
  if (longest <= LARGE.characters && linesBeside(tokens, at) <= LARGE.lines) return 'large';
  return longest > SNUG ? 'wrapped' : longest > FITS ? 'snug' : '';
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
    const size = sizeClass(tokens, at);
    const named = size === '' ? html : html.replace('<pre', `<pre class="${size}"`);
    if (info.step !== undefined) return stepped(named, info.step);
    return size === 'wrapped' ? wrapped(named, token.content.split('\n')) : named;
  };
};
