// Tables and sentences about speed, on slides and elsewhere, are what the benchmark's results give.
import path from 'node:path';
import { ROOT, SLIDES } from '../decks.mjs';
import { run as call } from './programs.mjs';

export const title = 'tables';

/** What is out of date in a tree, as sentences. */
export const tableProblems = (root) => {
  const { status, stdout, stderr } = call('python3', [path.join(SLIDES, 'tools', 'bench_tables.py'), '--check', '--root', root]);
  return status === 0 ? [] : `${stdout}${stderr}`.trim().split('\n');
};

export const run = () => [{ what: 'measured figures', problems: tableProblems(ROOT) }];
