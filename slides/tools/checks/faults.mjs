// The checks themselves: each finds what is planted for it (tools/test).
import { run as call } from './programs.mjs';
import { SLIDES } from '../decks.mjs';

/** node --test on a folder: a result for each test, nested ones too. */
export const nodeTests = (folder, cwd = SLIDES) => {
  const { stdout } = call(process.execPath, ['--test', '--test-reporter=tap', folder], { cwd, env: { ...process.env, NODE_TEST_CONTEXT: undefined } });
  const results = [...stdout.matchAll(/^ *(not )?ok \d+ - (.*?)( # SKIP.*)?$/gm)].filter((match) => match[3] === undefined);
  if (results.length === 0) return [{ what: folder, problems: [`ran nothing: ${stdout.slice(0, 300)}`] }];
  return results.map(([, failed, what]) => ({ what, problems: failed ? ['fails: see npm test'] : [] }));
};

export const title = 'faults';

export const run = () => nodeTests('tools/test/');
