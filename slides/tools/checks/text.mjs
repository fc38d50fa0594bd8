// What can be said about a deck from its Markdown alone: its shape, its links and pictures, its letters.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fencesOf, frontMatter } from '../decks.mjs';

const require = createRequire(import.meta.url);

/** The text with everything blanked that is no prose; line numbers stay. */
const blank = (part) => part.replace(/[^\n]/g, ' ');
export const proseOf = (text) =>
  text
    .replace(/^---\n[\s\S]*?\n---\n/, blank)
    .replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1[ \t]*$/gm, blank)
    .replace(/<!--[\s\S]*?-->/g, blank);

const lineOf = (text, index) => text.slice(0, index).split('\n').length;

const REQUIRED = { marp: 'true', theme: 'shmlab', lang: 'en', headingDivider: '2', paginate: 'true', title: /./, description: /./ };

const frontMatterProblems = (text) => {
  const settings = frontMatter(text);
  return Object.entries(REQUIRED)
    .filter(([name, wanted]) => (wanted instanceof RegExp ? !wanted.test(settings[name] ?? '') : settings[name] !== wanted))
    .map(([name, wanted]) => `1: the front matter needs ${name}: ${wanted instanceof RegExp ? '…' : wanted}`);
};

const shapeProblems = (text) => {
  const prose = proseOf(text);
  const problems = [];
  for (const match of prose.matchAll(/^(---+|\*\*\*+|___+)[ \t]*$/gm)) problems.push(`${lineOf(prose, match.index)}: ${match[1]} between slides: a heading begins a slide by itself`);
  for (const match of prose.replace(/`[^`\n]*`/g, blank).matchAll(/<\/?[a-z][^>\n]*>/gi)) problems.push(`${lineOf(prose, match.index)}: raw HTML, ${match[0]}`);
  const headings = [...prose.matchAll(/^(#{1,2}) (.*)$/gm)];
  if (headings[0]?.[1] !== '#' || headings.filter((each) => each[1] === '#').length !== 1) problems.push('1: the first slide, and it alone, has a heading of level 1');
  const titles = headings.map((each) => each[2].trim());
  if (titles.at(-1) !== 'Check yourself') problems.push(`${lineOf(prose, headings.at(-1)?.index ?? 0)}: the last slide is "Check yourself"`);
  else if ((prose.slice(headings.at(-1).index).match(/^\d+\. /gm) ?? []).length !== 3) problems.push(`${lineOf(prose, headings.at(-1).index)}: "Check yourself" has three numbered questions`);
  return problems;
};

/** The name that a heading has as an anchor, as the repository's page makes it. */
export const slug = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[`*_~]/g, '')
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .replace(/\s/g, '-');

const anchorsOf = (text) => new Set([...proseOf(text).matchAll(/^#{1,6} (.*)$/gm)].map((match) => slug(match[1])));

const targetProblem = (target, deck) => {
  if (/^(https?|mailto):/.test(target)) return '';
  const [where, anchor] = decodeURI(target).split('#');
  // A page of out/ is made from a deck of this folder, with a figure's state after the question mark.
  const page = where.split('?')[0];
  const built = /^(?:out\/)?(\d\d-[\w-]+)\.(?:html|pdf)$/.exec(page);
  const file = page === '' ? deck.file : path.resolve(deck.folder, built ? `${built[1]}.md` : page);
  if (!fs.existsSync(file)) return 'does not exist';
  if (anchor && !built && file.endsWith('.md') && !anchorsOf(fs.readFileSync(file, 'utf8')).has(anchor)) return `has no heading #${anchor}`;
  return '';
};

/** Links and pictures of a Markdown file, { text, file, folder }. */
export const linkProblems = (deck) => {
  const prose = proseOf(deck.text).replace(/`[^`\n]*`/g, blank);
  const problems = [];
  for (const match of prose.matchAll(/(!?)\[([^\]]*)\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)) {
    const [, image, words, target] = match;
    const at = lineOf(prose, match.index);
    if (image && words.trim() === '') problems.push(`${at}: picture ${target} has no alt text`);
    else if (!image && words.trim() === '') problems.push(`${at}: link ${target} has no words`);
    const problem = targetProblem(target, deck);
    if (problem) problems.push(`${at}: ${target} ${problem}`);
  }
  return problems;
};

const ranges = (() => {
  const latin = ['@fontsource/source-sans-3/unicode.json', '@fontsource/source-code-pro/unicode.json'].map((file) => JSON.parse(fs.readFileSync(require.resolve(file), 'utf8')).latin);
  return latin.map((text) => text.split(',').map((range) => range.slice(2).split('-').map((each) => parseInt(each, 16))));
})();
const embedded = (letter) => ranges.every((font) => font.some(([first, last = first]) => letter.codePointAt(0) >= first && letter.codePointAt(0) <= last));

const letterProblems = (text) => {
  const shown = text.replace(/<!--[\s\S]*?-->/g, blank);
  return shown.split('\n').flatMap((line, at) => {
    const missing = [...new Set([...line].filter((letter) => letter !== '\t' && !embedded(letter)))];
    return missing.length > 0 ? [`${at + 1}: not in the embedded fonts: ${missing.join(' ')}`] : [];
  });
};

const KEYS = {
  figure: null, // the figure's own settings: the build refuses what it does not know
  table: ['from'],
  default: ['from', 'step', 'fragment'],
};
const fenceProblems = (text) =>
  fencesOf(text).flatMap(({ info: { language, ...words }, body, line }) => {
    const known = language in KEYS ? KEYS[language] : KEYS.default;
    const unknown = known === null ? [] : Object.keys(words).filter((word) => !known.includes(word));
    const problems = unknown.map((word) => `${line}: "${word}" means nothing after a fence (${known.join(', ')} do)`);
    if (language === '') problems.push(`${line}: the fence names no language ("text" says that it is none)`);
    const most = body.split('\n').length - 1;
    for (const part of (words.step ?? '').split(/[|,-]/).filter(Boolean)) if (!(Number(part) >= 1 && Number(part) <= most)) problems.push(`${line}: step ${part}: the code has ${most} lines`);
    const long = language === 'figure' || language === 'table' ? 0 : Math.max(...body.split('\n').map((each) => each.length));
    if (long > 110) problems.push(`${line}: a line of ${long} characters: at most 110 fit`);
    return problems;
  });

/** The slides of a deck as { heading, line, fences, notes }: a `#` in code or in a note is no heading. */
const slidesOf = (text) => {
  const prose = proseOf(text);
  const headings = [...prose.matchAll(/^#{1,2} (.*)$/gm)];
  const fences = fencesOf(text);
  return headings.map((heading, at) => {
    const [start, end] = [heading.index, headings[at + 1]?.index ?? text.length];
    return {
      heading: heading[1].trim(),
      line: lineOf(text, start),
      fences: fences.filter((fence) => fence.start > start && fence.end < end),
      notes: [...text.slice(start, end).matchAll(/<!--([\s\S]*?)-->/g)].map((match) => match[1]).join('\n'),
    };
  });
};

/** A question and, after it, its answer. The students ask themselves on the first slide, in the exercise, at the end and in a figure. */
const questionProblems = (text) => {
  const slides = slidesOf(text);
  return slides
    .filter((slide, at) => at > 0 && !['Exercise', 'Check yourself'].includes(slide.heading) && !slide.fences.some((fence) => fence.info.language === 'figure'))
    .filter((slide) => !/\bAsk\b[^?]*\?\s+[\w`]/.test(slide.notes))
    .map((slide) => `${slide.line}: "${slide.heading}": the notes have no question to ask ("Ask: …? The answer.")`);
};

export const title = 'text';

export const run = ({ decks }) =>
  decks.map((deck) => ({
    what: deck.name,
    problems: [...frontMatterProblems(deck.text), ...shapeProblems(deck.text), ...linkProblems(deck), ...letterProblems(deck.text), ...fenceProblems(deck.text), ...questionProblems(deck.text)],
  }));
