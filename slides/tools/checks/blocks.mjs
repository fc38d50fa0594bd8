// Code that is in a deck only compiles (C: as a file or as the inside of a function) or at least parses (Python).
import path from 'node:path';
import { fencesOf, ROOT } from '../decks.mjs';
import { run as call } from './programs.mjs';

const SYSTEM = ['errno.h', 'fcntl.h', 'pthread.h', 'sched.h', 'semaphore.h', 'signal.h', 'stdatomic.h', 'stdbool.h', 'stddef.h', 'stdint.h', 'stdio.h', 'stdlib.h', 'string.h', 'sys/ipc.h', 'sys/mman.h', 'sys/shm.h', 'sys/stat.h', 'sys/wait.h', 'time.h', 'unistd.h'];
const OURS = ['bounded_buffer', 'mailbox', 'shared_data_contract', 'snapshot', 'yolo_queue'].map((name) => `shmlab/${name}.h`);
const HEADERS = `#define _GNU_SOURCE\n${SYSTEM.map((name) => `#include <${name}>\n`).join('')}${OURS.map((name) => `#include "${name}"\n`).join('')}`;
const FLAGS = ['-std=c17', '-Wall', '-Wextra', '-Werror', '-Wno-unused', '-fsyntax-only', '-I', path.join(ROOT, 'common', 'include'), '-xc', '-'];

const compileProblem = (body) => {
  const attempts = [`${HEADERS}\n#line 1\n${body}`, `${HEADERS}\nvoid on_the_slide(void);\nvoid on_the_slide(void) {\n#line 1\n${body}\n}\n`].map((input) => call('gcc', FLAGS, { input }));
  if (attempts.some(({ status }) => status === 0)) return '';
  return attempts.at(-1).stderr.split('\n').find((line) => line.includes('error')) ?? 'gcc refuses it';
};

const parseProblem = (body) => {
  const { status, stderr } = call('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: body });
  return status === 0 ? '' : stderr.trim().split('\n').at(-1);
};

const TRIES = { c: compileProblem, python: parseProblem };

export const title = 'blocks';

export const run = ({ decks }) =>
  decks.map(({ name, text }) => ({
    what: name,
    problems: fencesOf(text)
      .filter(({ info }) => info.language in TRIES && info.from === undefined && !info.fragment)
      .map(({ info, body, line }) => [line, info.language, TRIES[info.language](body)])
      .filter(([, , problem]) => problem !== '')
      .map(([line, language, problem]) => `${line}: ${language} code: ${problem}`),
  }));
