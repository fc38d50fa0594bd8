#!/usr/bin/env node
// Every check of the slides, or those that are named. The last line says "N passed, N failed", and how many were skipped.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, isMade, useChromium } from './build.mjs';
import { MISSING } from './chromium.mjs';
import { deckFiles, OUT, SLIDES } from './decks.mjs';
import { Missing } from './checks/programs.mjs';
import { scratchFolder } from './scratch.mjs';

const NAMES = ['models', 'play', 'site', 'text', 'snippets', 'tables', 'handouts', 'commands', 'layouts', 'blocks', 'spelling', 'transcripts', 'pages', 'figures', 'pdf', 'faults'];
const SKIPPED = 77; // the status that CTest takes for "skipped"

const USAGE = `usage: npm run check [-- CHECK... [DECK...]]
Checks: ${NAMES.join(' ')}
Status: 0 all passed, 1 some failed, 2 wrong usage, ${SKIPPED} nothing could be checked on this machine.`;

/** A deck as the checks see it. `html` and `pdf` are where its pages are, once built. */
export const deckOf = (file, target) => {
  const base = path.basename(file, '.md');
  return { name: `${base}.md`, file, folder: path.dirname(file), text: fs.readFileSync(file, 'utf8'), html: path.join(target, `${base}.html`), pdf: path.join(target, `${base}.pdf`) };
};

const runOne = async (name, decks) => {
  const { run } = await import(`./checks/${name}.mjs`);
  try {
    return { results: await run({ decks }) };
  } catch (error) {
    if (error instanceof Missing) return { skipped: error.message };
    return { results: [{ what: name, problems: [error.stack ?? String(error)] }] };
  }
};

const needed = async (names) => {
  const modules = await Promise.all(names.map((name) => import(`./checks/${name}.mjs`)));
  return new Set(modules.flatMap((each) => each.builds ?? []));
};

const main = async (words) => {
  if (words.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const chosen = words.filter((word) => NAMES.includes(word));
  const names = chosen.length > 0 ? NAMES.filter((name) => chosen.includes(name)) : NAMES;
  const { folder: target, done } = scratchFolder('slides');
  const count = { passed: 0, failed: 0, skipped: 0 };
  try {
    const files = deckFiles(words.filter((word) => !NAMES.includes(word))).map((name) => path.join(SLIDES, name));
    const builds = files.length > 0 ? await needed(names) : new Set();
    const pdf = builds.has('pdf');
    const chromium = useChromium();
    const made = builds.size > 0 && isMade(files, OUT, { pdf }); // slides/build has just made them, as .ci/run does
    const decks = files.map((file) => deckOf(file, made ? OUT : target));
    if (builds.size > 0 && chromium && !made) await build(files, target, { pdf });
    for (const name of names) {
      const { results = [], skipped } = builds.size > 0 && !chromium && (await needed([name])).size > 0 ? { skipped: MISSING } : await runOne(name, decks);
      const bad = results.filter(({ problems }) => problems.length > 0);
      count.failed += bad.length;
      count.passed += results.length - bad.length;
      count.skipped += skipped ? 1 : 0;
      console.log(`${name}: ${skipped ? `skipped, ${skipped}` : `${results.length - bad.length} of ${results.length}`}`);
      for (const { what, problems } of bad) for (const problem of problems) console.log(`    ${what}: ${problem}`);
    }
  } finally {
    done();
  }
  console.log(`${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`);
  return count.failed > 0 ? 1 : count.passed === 0 ? SKIPPED : 0;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(`check: ${error.message}`);
    process.exitCode = 1;
  }
}
