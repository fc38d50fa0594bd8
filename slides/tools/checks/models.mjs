// The figures' models in every order, and the tests of these tools: `npm test`.
import { SLIDES } from '../decks.mjs';
import { run as call } from './programs.mjs';

export const title = 'models';

export const run = () => {
  const { stdout } = call(process.execPath, ['--test', '--test-reporter=tap', 'figures/test/'], { cwd: SLIDES, env: { ...process.env, NODE_TEST_CONTEXT: undefined } });
  const results = [...stdout.matchAll(/^(not )?ok \d+ - (.*?)( # SKIP.*)?$/gm)];
  if (results.length === 0) return [{ what: 'npm test', problems: [`ran nothing: ${stdout.slice(0, 300)}`] }];
  return results.map(([, failed, what]) => ({ what, problems: failed ? ['fails: see npm test'] : [] }));
};
