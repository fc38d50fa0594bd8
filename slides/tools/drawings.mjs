#!/usr/bin/env node
// The drawings of docs/img that are not made from compiled structs (those: layouts.mjs): see drawings/draw.mjs. No package of
// npm's is needed. `--write` draws them; slides/check layouts compares.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './decks.mjs';
import { DRAWINGS } from './drawings/draw.mjs';

const IMG = path.join(ROOT, 'docs', 'img');

/** [{ what, problems }] for the check. */
export const drawingResults = (folder = IMG) =>
  Object.entries(DRAWINGS).map(([name, draw]) => {
    const file = path.join(folder, name);
    const fresh = fs.existsSync(file) && fs.readFileSync(file, 'utf8') === draw();
    return { what: `docs/img/${name}`, problems: fresh ? [] : ['out of date: cd slides && npm run drawings'] };
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] !== '--write') {
    console.error('usage: drawings.mjs --write');
    process.exitCode = 2;
  } else {
    for (const [name, draw] of Object.entries(DRAWINGS)) fs.writeFileSync(path.join(IMG, name), draw());
    console.log(`${Object.keys(DRAWINGS).length} drawings in docs/img`);
  }
}
