// The tables of measured figures are what the benchmark's results give.
import path from 'node:path';
import { SLIDES } from '../decks.mjs';
import { run as call } from './programs.mjs';

export const title = 'tables';

export const run = () => {
  const { status, stdout, stderr } = call('python3', [path.join(SLIDES, 'tools', 'bench_tables.py'), '--check']);
  return [{ what: 'tables/bench.md', problems: status === 0 ? [] : [`${stdout}${stderr}`.trim()] }];
};
