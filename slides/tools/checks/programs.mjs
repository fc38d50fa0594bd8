// Programs that a check needs and a machine may not have.
import { spawnSync } from 'node:child_process';

/** What a check throws when it cannot run here; it is counted as skipped, with this reason. */
export class Missing extends Error {}

export const run = (program, words, options = {}) => {
  const result = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (result.error?.code === 'ENOENT') throw new Missing(`${program} is missing (Debian: apt-get install ${options.debian ?? program})`);
  if (result.error) throw result.error;
  return result;
};
