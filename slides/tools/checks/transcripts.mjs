// What programs print on slides is what they print: the recordings are made again and compared, numbers masked.
import fs from 'node:fs';
import path from 'node:path';
import { ROOT, SLIDES } from '../decks.mjs';
import { Missing, run as call } from './programs.mjs';

const RECORDER = path.join(SLIDES, 'transcripts', 'record.py');

export const title = 'transcripts';

export const run = () => {
  const build = path.resolve(process.env.SHMLAB_BUILD ?? path.join(ROOT, 'build'));
  if (!fs.existsSync(path.join(build, 'slides', 'demos'))) throw new Missing(`${build} is no build tree: build the project, or set SHMLAB_BUILD`);
  const names = fs.readdirSync(path.dirname(RECORDER)).filter((name) => name.endsWith('.sh')).map((name) => name.slice(0, -3));
  return names.map((name) => {
    const { status, stdout, stderr } = call('python3', [RECORDER, '--build', build, '--check', name]);
    return { what: `transcripts/${name}.txt`, problems: status === 0 ? [] : [`${stdout}${stderr}`.trim()] };
  });
};
