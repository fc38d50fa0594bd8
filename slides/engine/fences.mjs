// Fences beyond code: ```figure (an interactive figure), ```table (a table from a file), and code that is walked through
// with step=1|2-3.
import { escape, fenceInfo } from './markup.mjs';
import { figureHtml } from './figure.mjs';

const WIDE = 84; // characters in a line of code beyond which the type gets smaller
const WIDEST = 98;

// Every line in a span of its own, and one Marp fragment for each step but the first, which shows at once.
const stepped = (html, steps) => {
  let open = []; // a highlighted comment may go over several lines: its span is closed and opened again
  const walk = (line) => {
    const before = open.join('');
    for (const tag of line.matchAll(/<span[^>]*>|<\/span>/g)) {
      if (tag[0] === '</span>') open.pop();
      else open.push(tag[0]);
    }
    return before + line + '</span>'.repeat(open.length);
  };
  return html.replace(/(<code[^>]*)(>)([\s\S]*?)(<\/code>)/, (_, start, close, body, end) => {
    const lines = body.replace(/\n$/, '').split('\n');
    const spans = lines.map((line, at) => `<span class="line" data-line="${at + 1}">${walk(line)}\n</span>`).join('');
    const marks = steps.split('|').slice(1).map((_each, at) => `<i class="step-mark" data-marpit-fragment="${at + 1}"></i>`);
    return `${start} data-steps="${escape(steps)}"${close}${spans}${end}${marks.join('')}`;
  });
};

const widthClass = (code) => {
  const longest = Math.max(...code.split('\n').map((line) => line.length));
  return longest > WIDEST ? 'widest' : longest > WIDE ? 'wide' : '';
};

export const fences = (md) => {
  const inner = new md.constructor(); // Marp's own keeps what it knows of the deck, and forgets it when it renders again
  const plain = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, at, options, env, self) => {
    const token = tokens[at];
    const info = fenceInfo(token.info);
    if (info.language === 'figure') return figureHtml(info, inner.renderInline(token.content.trim().replace(/\n/g, ' ')));
    if (info.language === 'table') return inner.render(token.content);
    const html = plain(tokens, at, options, env, self);
    const size = widthClass(token.content);
    // A block of code that is wider than a narrow window scrolls: the keyboard must reach it.
    const named = size === '' ? html : html.replace('<pre', `<pre class="${size}"`);
    return info.step === undefined ? named : stepped(named, info.step);
  };
};
