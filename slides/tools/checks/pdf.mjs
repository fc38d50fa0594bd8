// The PDF: tagged, a page for each slide, a title, and every picture's alt text in it.
import fs from 'node:fs';
import { run as call } from './programs.mjs';

const unescape = (text) => text.replace(/&quot;/g, '"').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

/** The alt texts that the page has: of pictures and film strips. */
export const altTexts = (html) => {
  const slides = html.replace(/<script>[\s\S]*?<\/script>/g, '');
  return [...slides.matchAll(/<svg class="(?:picture|film)"[^>]*? aria-label="([^"]*)"|<img class="picture" alt="([^"]*)"/g)].map((match) => unescape(match[1] ?? match[2]));
};

// Every /Alt in the file, as text; qpdf writes strings as "u:…".
const altsInPdf = (file) => {
  const { stdout, status, stderr } = call('qpdf', ['--json=2', '--json-key=qpdf', file]);
  if (status !== 0) throw new Error(`qpdf: ${stderr}`);
  return [...stdout.matchAll(/"\/Alt": ("u:(?:[^"\\]|\\.)*")/g)].map((match) => JSON.parse(match[1]).slice(2));
};

const plain = (text) => text.replace(/\s+/g, ' ').trim();

export const pdfProblems = ({ html, pdf }) => {
  const problems = [];
  const page = fs.readFileSync(html, 'utf8');
  const { stdout: info } = call('pdfinfo', [pdf], { debian: 'poppler-utils' });
  const told = (name) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(info)?.[1] ?? '';
  if (told('Tagged') !== 'yes') problems.push('is not tagged');
  const slides = page.match(/<svg data-marpit-svg/g)?.length ?? 0;
  if (Number(told('Pages')) !== slides) problems.push(`has ${told('Pages')} pages for ${slides} slides`);
  if (told('Title') === '') problems.push('has no title');
  const there = altsInPdf(pdf).map(plain);
  for (const alt of altTexts(page)) if (!there.includes(plain(alt))) problems.push(`lacks the alt text "${alt.slice(0, 60)}…"`);
  return problems;
};

export const title = 'pdf';
export const builds = ['html', 'pdf'];

export const run = ({ decks }) => decks.map((deck) => ({ what: `${deck.name} as PDF`, problems: pdfProblems(deck) }));
