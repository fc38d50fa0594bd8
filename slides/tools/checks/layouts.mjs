// The committed pictures are what their sources give: the compiled structs, the figures' models, the benchmark.
import { drawingResults } from '../drawings.mjs';
import { differing, layoutsRead } from '../layouts.mjs';
import { DRAWINGS } from '../layouts/draw.mjs';
import { run as call } from './programs.mjs';

export const title = 'layouts';

export const run = () => {
  call('gcc', ['--version']);
  call('gdb', ['--version']);
  const bad = differing(layoutsRead());
  const ofStructs = Object.keys(DRAWINGS).map((name) => ({ what: `docs/img/${name}`, problems: bad.includes(name) ? ['differs from what the compiled struct gives (npm run layouts)'] : [] }));
  return [...ofStructs, ...drawingResults()];
};
