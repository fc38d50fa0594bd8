#!/usr/bin/env node
// Draw pictures of docs/img from the compiled structs: gcc compiles the headers with debug information, gdb reads it.
//
//     layouts.mjs --write     draw them again
//     layouts.mjs --check     status 1 when a committed one differs
//     layouts.mjs --alt       a suggestion for each alt text
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ROOT, SLIDES } from './decks.mjs';
import { DRAWINGS } from './layouts/draw.mjs';
import { scratchFolder } from './scratch.mjs';

export const IMG = path.join(ROOT, 'docs', 'img');
const TOOLS = path.join(SLIDES, 'tools', 'layouts');
const SOURCES = [
  { file: path.join(TOOLS, 'types.c'), structs: ['shared_data', 'mailbox', 'buffer_message', 'bounded_buffer', 'snapshot', 'detection', 'queue_slot', 'yolo_queue'] },
  { file: path.join(ROOT, 'solutions', 'lab1_layout', 'layout.c'), structs: ['natural_data'] },
];
const INCLUDES = ['common/include', 'solutions/lab1_layout'].map((folder) => path.join(ROOT, folder));

const run = (program, words) => {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  if (error) throw new Error(`${program} is missing (Debian: apt-get install ${program})`);
  if (status !== 0) throw new Error(`${program} ${words.at(-1)}: ${stderr.trim()}`);
  return stdout;
};

/** The layouts of all structs that are drawn; `includes` come first, so that a test can put another header in. */
export const layoutsRead = (includes = []) => {
  const { folder: scratch, done } = scratchFolder('layouts');
  try {
    const found = SOURCES.map(({ file, structs }) => {
      const object = path.join(scratch, 'object.o');
      const flags = [...includes, ...INCLUDES].map((folder) => `-I${folder}`);
      run('gcc', ['-std=c17', '-D_POSIX_C_SOURCE=200809L', '-g', '-c', ...flags, '-o', object, file]);
      const names = structs.map((name) => `"${name}"`).join(', ');
      return JSON.parse(run('gdb', ['-nx', '-batch', '-x', path.join(TOOLS, 'dump.py'), '-ex', `python dump(${names})`, object]));
    });
    return Object.assign({}, ...found);
  } finally {
    done();
  }
};

/** The committed pictures that differ from what the layouts give, by name. */
export const differing = (layouts, folder = IMG) =>
  Object.entries(DRAWINGS)
    .filter(([name, draw]) => {
      const file = path.join(folder, name);
      return !fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== draw(layouts).svg;
    })
    .map(([name]) => name);

const main = ([mode]) => {
  if (!['--write', '--check', '--alt'].includes(mode)) {
    console.log('usage: layouts.mjs --write|--check|--alt');
    return mode === '--help' ? 0 : 2;
  }
  const layouts = layoutsRead();
  if (mode === '--check') {
    const bad = differing(layouts);
    for (const name of bad) console.error(`docs/img/${name} is not what the compiled struct gives (npm run layouts)`);
    return bad.length === 0 ? 0 : 1;
  }
  for (const [name, draw] of Object.entries(DRAWINGS)) {
    const { svg, told } = draw(layouts);
    if (mode === '--write') fs.writeFileSync(path.join(IMG, name), svg);
    else console.log(`docs/img/${name}\n    ${told}`);
  }
  return 0;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    console.error(`layouts: ${error.message}`);
    process.exitCode = 1;
  }
}
