// What programs print on slides is what they print: the recordings are made again and compared, numbers masked.
import fs from 'node:fs';
import path from 'node:path';
import { ROOT, SLIDES } from '../decks.mjs';
import { Missing, run as call } from './programs.mjs';

const FOLDER = path.join(SLIDES, 'transcripts');

export const title = 'transcripts';

/** The build tree whose programs are recorded. */
export const buildTree = () => {
  const build = path.resolve(process.env.SHMLAB_BUILD ?? path.join(ROOT, 'build'));
  if (!fs.existsSync(path.join(build, 'slides', 'demos'))) throw new Missing(`${build} is no build tree: build the project, or set SHMLAB_BUILD`);
  return build;
};

/** What differs between a recording in `folder` and what its programs print now. */
export const transcriptProblems = (folder, name, build) => {
  const { status, stdout, stderr } = call('python3', [path.join(folder, 'record.py'), '--build', build, '--check', name]);
  return status === 0 ? [] : [`${stdout}${stderr}`.trim()];
};

export const run = () => {
  const build = buildTree();
  const names = fs.readdirSync(FOLDER).filter((name) => name.endsWith('.sh')).map((name) => name.slice(0, -3));
  return names.map((name) => ({ what: `transcripts/${name}.txt`, problems: transcriptProblems(FOLDER, name, build) }));
};
