// The decks: their files, and the fences in them. Every tool that reads a deck's Markdown goes through here.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fenceInfo } from '../engine/markup.mjs';

export const SLIDES = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
export const ROOT = path.dirname(SLIDES);
export const OUT = path.join(SLIDES, 'out');

/** The decks' file names, in order; `names` (with or without .md) choose among them. */
export const deckFiles = (names = []) => {
  const all = fs.readdirSync(SLIDES).filter((name) => /^\d\d-[\w-]+\.md$/.test(name)).sort();
  if (names.length === 0) return all;
  const wanted = names.map((name) => path.basename(name).replace(/(\.md)?$/, '.md'));
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: no such deck (there are ${all.join(', ')})`);
  return wanted;
};

/** The settings at the top of a deck, as text. */
export const frontMatter = (text) => {
  const head = /^---\n([\s\S]*?)\n---\n/.exec(text)?.[1] ?? '';
  const settings = {};
  for (const [, key, value] of head.matchAll(/^(\w+):\s*(.*)$/gm)) settings[key] = value.replace(/^(["'])(.*)\1$/, '$2');
  return settings;
};

/** Every fence: { info, body, line, start, end }; start and end enclose the body in the text. */
export const fencesOf = (text) => {
  const found = [];
  const fence = /^(`{3,})([^`\n]*)\n([\s\S]*?)^\1[ \t]*$/gm;
  for (const match of text.matchAll(fence)) {
    const start = match.index + match[1].length + match[2].length + 1;
    found.push({
      info: fenceInfo(match[2]),
      body: match[3],
      line: text.slice(0, match.index).split('\n').length,
      start,
      end: start + match[3].length,
    });
  }
  return found;
};
