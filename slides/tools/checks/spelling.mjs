// codespell knows common misspellings; words of ours that it takes for some are in codespell.txt.
import path from 'node:path';
import { SLIDES } from '../decks.mjs';
import { run as call } from './programs.mjs';

const OWN_WORDS = path.join(SLIDES, 'tools', 'checks', 'codespell.txt');

export const title = 'spelling';

export const run = ({ decks }) =>
  decks.map(({ name, file }) => {
    const { stdout } = call('codespell', ['--ignore-words', OWN_WORDS, file]);
    return { what: name, problems: stdout.trim() === '' ? [] : stdout.trim().split('\n').map((line) => line.slice(file.length + 1)) };
  });
