#!/usr/bin/env node
// Build the decks: HTML, tagged PDF, and a page that lists them. `slides/build` calls it, having looked for its packages.
import { createHash } from 'node:crypto';
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

/* --- of what slides/out was made: whoever needs the decks built looks there first --- */

const MADE = 'made.json';

const filesBelow = (folder) => fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name)).filter((file) => fs.statSync(file).isFile());

/** One word for the content of everything that decks are made of: these files, what they show, engine, theme, packages. */
export const fingerprint = (sources) => {
  const shown = sources.flatMap((source) => [...fs.readFileSync(source, 'utf8').matchAll(/!\[[^\]]*\]\(([^)\s]+)/g)].map(([, name]) => path.resolve(SLIDES, name)));
  const engine = ['engine', 'figures'].flatMap((name) => filesBelow(path.join(SLIDES, name)));
  const rest = ['marp.config.mjs', 'theme.css', 'package-lock.json', 'tools/build.mjs', 'tools/chromium.mjs'].map((name) => path.join(SLIDES, name));
  const hash = createHash('sha256').update(process.version);
  for (const file of [...sources, ...new Set(shown), ...engine, ...rest].sort()) if (fs.existsSync(file)) hash.update(`${file}\0`).update(fs.readFileSync(file)).update('\0');
  return hash.digest('hex');
};

/** Does the folder hold these decks as they would be built now? */
export const isMade = (sources, folder, { pdf }) => {
  try {
    const made = JSON.parse(fs.readFileSync(path.join(folder, MADE), 'utf8'));
    const there = sources.every((source) => ['html', ...(pdf ? ['pdf'] : [])].every((kind) => fs.existsSync(path.join(folder, `${path.basename(source, '.md')}.${kind}`))));
    return there && made.of === fingerprint(sources) && (made.pdf || !pdf);
  } catch {
    return false;
  }
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
  const sources = decks.map((name) => path.join(SLIDES, name));
  fs.rmSync(path.join(OUT, MADE), { force: true });
  const made = await build(sources, OUT, { pdf });
  fs.writeFileSync(path.join(OUT, MADE), JSON.stringify({ of: fingerprint(sources), pdf }));
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
