#!/usr/bin/env node
// Build the decks: HTML, tagged PDF, and a page that lists them. `slides/build` calls it, having looked for its packages.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { marpCli } from '@marp-team/marp-cli';
import { chromiumPath, MISSING, PATIENCE } from './chromium.mjs';
import { deckFiles, OUT, SLIDES } from './decks.mjs';
import { indexPage } from './index_page.mjs';
import { playPage } from './play_page.mjs';
import { scratchFolder } from './scratch.mjs';

const USAGE = `usage: slides/build [--html] [DECK...]
Build the decks (all, or those named: 03-handshake) into slides/out: HTML, tagged PDF with notes, an index page.
  --html      HTML only
Status: 0 done, 1 failed, 2 wrong usage.`;

const marp = async (...words) => {
  const status = await marpCli(['--config-file', path.join(SLIDES, 'marp.config.mjs'), '--browser-timeout', String(PATIENCE), ...words]);
  if (status !== 0) throw new Error(`marp ended with status ${status}`);
};

/** Tell Marp which chromium to take, and that root has no sandbox. False when there is none. */
export const useChromium = () => {
  const chromium = chromiumPath();
  if (chromium === null) return false;
  process.env.CHROME_PATH = chromium;
  if (process.getuid?.() === 0) process.env.CHROME_NO_SANDBOX = '1';
  return true;
};

/**
 * Build `sources` (files) into the folder `target`. Returns what was made, 'html' and 'pdf'. Marp writes into a folder only
 * what it has read from one, so the decks are laid into a folder of their own; their pictures are found all the same.
 */
export const build = async (sources, target, { pdf = true } = {}) => {
  const { folder: decks, done } = scratchFolder('decks');
  try {
    for (const source of sources) fs.copyFileSync(source, path.join(decks, path.basename(source)));
    fs.mkdirSync(target, { recursive: true });
    await marp('--input-dir', decks, '--output', target);
    if (pdf) await marp('--input-dir', decks, '--output', target, '--pdf', '--pdf-notes', '--pdf-outlines');
  } finally {
    done();
  }
  return pdf ? ['html', 'pdf'] : ['html'];
};

const main = async (words) => {
  if (words.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const html = words.includes('--html');
  const names = words.filter((word) => word !== '--html');
  if (names.some((name) => name.startsWith('-'))) {
    console.error(USAGE);
    return 2;
  }
  const decks = deckFiles(names);
  if (decks.length === 0) throw new Error('there is no deck in slides/ (NN-name.md)');
  const pdf = !html && useChromium();
  if (!html && !pdf) console.error(`slides: no PDF: ${MISSING}`);
  const made = await build(decks.map((name) => path.join(SLIDES, name)), OUT, { pdf });
  fs.writeFileSync(path.join(OUT, 'play.html'), playPage());
  fs.writeFileSync(path.join(OUT, 'index.html'), indexPage(deckFiles()));
  console.log(`slides: ${decks.length} decks as ${made.join(' and ')}; begin at ${path.join(OUT, 'index.html')}`);
  return 0;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(`slides: ${error.message}`);
    process.exitCode = 1;
  }
}
