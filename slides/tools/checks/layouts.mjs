// The committed pictures of memory are what the compiled structs give.
import { differing, layoutsRead } from '../layouts.mjs';
import { DRAWINGS } from '../layouts/draw.mjs';
import { run as call } from './programs.mjs';

export const title = 'layouts';

export const run = () => {
  call('gcc', ['--version']);
  call('gdb', ['--version']);
  const bad = differing(layoutsRead());
  return Object.keys(DRAWINGS).map((name) => ({ what: `img/${name}`, problems: bad.includes(name) ? ['differs from what the compiled struct gives (npm run layouts)'] : [] }));
};
