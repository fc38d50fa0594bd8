#!/usr/bin/env node
// Fill the fences that name a source, and tell whether they still say what the source says.
//
//     snippets.mjs --write [DECK...]     bring the decks up to date
//     snippets.mjs --check [DECK...]     status 1 when one is not
//
// In the deck  ```c from=../solutions/lab3_handshake/writer.c#publish     in the source  /* slide:publish */ ... /* slide:end */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SLIDES, deckFiles, fencesOf } from './decks.mjs';

// The marker, alone on its line, in a comment of C, Python, a shell script or Markdown.
const MARKER = /^\s*(?:\/\*|\/\/|#|<!--)\s*slide:([\w-]+)\s*(?:\*\/|-->)?\s*$/;

// What tools/starters.py looks for in the same sources: no more to be seen on a slide than our own markers.
const STARTER_MARKER = /^\s*(?:\/\/|#) shmlab:(?:cut|text|give|end)\b/;

const unindent = (lines) => {
  const filled = lines.filter((line) => line.trim() !== '');
  const indent = Math.min(...filled.map((line) => line.length - line.trimStart().length));
  // clang-format puts the backslashes of a macro at the last column, where they would make the type on the slide smaller.
  return lines.map((line) => line.slice(indent).trimEnd().replace(/ {2,}\\$/, ' \\'));
};

// A region that is in the source in several stretches: a line of dots between them.
const joined = (stretches, comment) => {
  const all = stretches.map((lines) => lines.join('\n').replace(/^\n+|\n+$/g, ''));
  const indent = /^\s*/.exec(all[0])[0];
  return all.join(`\n${indent}${comment}\n`);
};

/** What a fence with from=REFERENCE holds; REFERENCE is relative to `folder`. */
export const snippet = (reference, folder) => {
  const [name, region] = reference.split('#');
  const file = path.resolve(folder, name);
  if (!fs.existsSync(file)) throw new Error(`${name}: there is no such file`);
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter((line) => !STARTER_MARKER.test(line));
  if (region === undefined) return lines.filter((line) => !MARKER.test(line)).join('\n').trimEnd();

  const open = [];
  const stretches = [];
  lines.forEach((line, at) => {
    const marker = MARKER.exec(line)?.[1];
    if (marker === 'end') {
      if (open.length === 0) throw new Error(`${name}:${at + 1}: slide:end without a beginning`);
      open.pop();
    } else if (marker !== undefined) {
      open.push(marker);
      if (marker === region) stretches.push([]);
    } else if (open.includes(region)) {
      stretches.at(-1).push(line);
    }
  });
  if (open.length > 0) throw new Error(`${name}: slide:${open.at(-1)} has no slide:end`);
  if (stretches.length === 0) throw new Error(`${name}: there is no region slide:${region}`);
  const dots = /\.(py|sh)$/.test(name) ? '# …' : /\.[ch]$/.test(name) ? '/* … */' : '…';
  return unindent(joined(stretches, dots).split('\n')).join('\n');
};

/** The deck with its fences filled, and what was out of date: { text, filled, problems }. */
export const refresh = (text, folder) => {
  const problems = [];
  let filled = 0;
  let result = '';
  let at = 0;
  for (const fence of fencesOf(text)) {
    if (fence.info.from === undefined) continue;
    filled += 1;
    try {
      const body = `${snippet(fence.info.from, folder)}\n`;
      if (body !== fence.body) problems.push({ line: fence.line, what: `differs from ${fence.info.from}`, mendable: true });
      result += text.slice(at, fence.start) + body;
      at = fence.end;
    } catch (error) {
      problems.push({ line: fence.line, what: error.message, mendable: false });
    }
  }
  return { text: result + text.slice(at), filled, problems };
};

const main = ([mode, ...names]) => {
  if (mode !== '--write' && mode !== '--check') {
    console.log('usage: snippets.mjs --write|--check [DECK...]');
    return mode === '--help' ? 0 : 2;
  }
  let failed = 0;
  let filled = 0;
  for (const name of deckFiles(names)) {
    const file = path.join(SLIDES, name);
    const before = fs.readFileSync(file, 'utf8');
    const after = refresh(before, SLIDES);
    filled += after.filled;
    if (mode === '--write' && after.text !== before) fs.writeFileSync(file, after.text);
    for (const problem of after.problems) {
      if (mode === '--write' && problem.mendable) continue;
      console.error(`${name}:${problem.line}: ${problem.what}${problem.mendable ? ' (npm run snippets)' : ''}`);
      failed += 1;
    }
  }
  console.log(`${filled} snippets, ${failed} ${mode === '--write' ? 'could not be filled' : 'differ'}`);
  return failed === 0 ? 0 : 1;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2));
