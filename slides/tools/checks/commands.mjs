// What a deck or a handout tells the reader to type or to open is there: make's targets, the checks of a lab, files, programs.
import fs from 'node:fs';
import path from 'node:path';
import { ROOT, SLIDES } from '../decks.mjs';
import { run as call } from './programs.mjs';
import { proseOf } from './text.mjs';

const PLACEHOLDER = 'name'; // make lab3 CHECK=name
const FOLDERS = 'labs|solutions|slides|tests|common|tools|docs|build';

const makeProblem = (target, check) => {
  if (call('make', ['--dry-run', '--silent', target], { cwd: ROOT }).status !== 0) return `make has no target ${target}`;
  if (check === undefined || check === PLACEHOLDER) return '';
  const number = /\d$/.exec(target)?.[0];
  const checks = path.join(ROOT, 'tests', 'checks');
  const files = fs.readdirSync(checks).filter((name) => name.startsWith(`lab${number}_`) && !name.endsWith('_instructor.c'));
  const known = files.some((name) => fs.readFileSync(path.join(checks, name), 'utf8').includes(`.name = "${check}"`));
  return known ? '' : `lab ${number} has no check ${check}`;
};

// build/solutions/lab3_handshake/writer is made of solutions/lab3_handshake/writer.c. What is in build/bin has no such rule;
// the transcripts run it.
const pathProblem = (name, folder) => {
  if (/^build\/(?!slides\/|solutions\/|labs\/)|^slides\/out\b/.test(name)) return '';
  const source = name.replace(/^build\//, '');
  const there = [`${ROOT}/${source}`, `${ROOT}/${source}.c`, `${folder}/${source}`].some((file) => fs.existsSync(file));
  return there ? '' : `there is no ${name}`;
};

/** What the spans of code in a Markdown text name and the tree has not; `folder` is where the text is. */
export const commandProblems = (text, folder) => {
  const problems = new Set();
  for (const [, span] of proseOf(text).matchAll(/`([^`\n]+)`/g)) {
    const made = /^make ([\w-]+)(?: CHECK=([\w-]+))?$/.exec(span);
    if (made) problems.add(makeProblem(made[1], made[2]));
    for (const [name] of span.matchAll(new RegExp(`(?<![\\w/.-])(?:${FOLDERS})/[\\w./-]*\\w(?![\\w.*…/]|\\.\\.)`, 'g'))) problems.add(pathProblem(name, folder));
  }
  problems.delete('');
  return [...problems];
};

export const title = 'commands';

export const run = ({ decks }) => {
  const labs = fs.readdirSync(path.join(ROOT, 'labs')).map((lab) => path.join(ROOT, 'labs', lab, 'README.md')).filter((file) => fs.existsSync(file));
  const files = [...decks.map(({ file }) => file), ...labs, path.join(SLIDES, 'README.md'), path.join(SLIDES, 'WRITING.md')];
  return files.map((file) => ({ what: path.relative(ROOT, file), problems: commandProblems(fs.readFileSync(file, 'utf8'), path.dirname(file)) }));
};
