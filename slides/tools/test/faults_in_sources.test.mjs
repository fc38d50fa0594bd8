// The checks that compare with other things than the deck, on copies with a fault in them: what programs print, what the
// benchmark measured, what a model says.
import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deckFiles, ROOT, SLIDES } from '../decks.mjs';
import { nodeTests } from '../checks/faults.mjs';
import { Missing } from '../checks/programs.mjs';
import { tableProblems } from '../checks/tables.mjs';
import { buildTree, transcriptProblems } from '../checks/transcripts.mjs';

// A folder that is gone when the test has ended.
const scratchOf = (t) => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmlab-plant-'));
  t.after(() => fs.rmSync(scratch, { recursive: true }));
  return scratch;
};
const replaceIn = (file, from, to) => {
  const text = fs.readFileSync(file, 'utf8');
  const changed = text.replace(from, to);
  assert.notEqual(changed, text, `${path.basename(file)} has no ${from}`);
  fs.writeFileSync(file, changed);
};

/* --- what programs print --- */

const RECORDING = 'copies';
const recordings = {
  'a word that the program does not print': ['copies.txt', /child:/, 'daughter:', /out of date/],
  'a line that is lost': ['copies.txt', /parent:.*\n/, '', /out of date/],
  'a command that is another': ['copies.sh', /copies/, 'copies | head -3', /out of date/],
  'a program that is not there': ['copies.sh', /copies/, 'no_such_program', /out of date/],
  'a script that fails': ['copies.sh', /$/, 'exit 3\n', /exit status 3/],
};

test('faults in transcripts', async (t) => {
  let build;
  try {
    build = buildTree();
  } catch (error) {
    if (error instanceof Missing) return t.skip(error.message);
    throw error;
  }
  const copy = (inner) => {
    const folder = path.join(scratchOf(inner), 'slides', 'transcripts');
    fs.mkdirSync(folder, { recursive: true });
    for (const name of ['record.py', `${RECORDING}.sh`, `${RECORDING}.txt`]) fs.copyFileSync(path.join(SLIDES, 'transcripts', name), path.join(folder, name));
    return folder;
  };
  await t.test('nothing is wrong with a good one, whatever its numbers', (inner) => {
    const folder = copy(inner);
    replaceIn(path.join(folder, 'copies.txt'), /0x[0-9a-f]+/, '0x1234');
    assert.deepEqual(transcriptProblems(folder, RECORDING, build), []);
  });
  for (const [name, [file, from, to, expected]] of Object.entries(recordings))
    await t.test(`${name} is found`, (inner) => {
      const folder = copy(inner);
      replaceIn(path.join(folder, file), from, to);
      assert.match(transcriptProblems(folder, RECORDING, build).join('\n'), expected);
    });
});

/* --- what the benchmark measured --- */

const BENCH = 'tools/bench/README.md';
const JSON_FILE = 'tools/bench/results/bench.json';
const PEERS = 'tools/bench/results/peers.json';
const PYTHON = 'tools/bench/results/python.json';
const PICTURE = 'tools/bench/results/bench.svg';
const median = (id, change) => (results) => {
  results.rows.find((row) => row.id === id).median *= change;
};

// name -> [the file, what becomes of it, what is found]
const figures = {
  'a result that is another': [JSON_FILE, median('pipe.round-trip', 0.95), /tables\/bench\.md is out of date[\s\S]*README\.md is out of date/],
  'a sentence that holds no more': [JSON_FILE, median('ring.in-place', 2), /README\.md: "Frames that are rendered in place.*does not hold/],
  'a row that was not measured': [JSON_FILE, (results) => { results.rows.find((row) => row.id === 'pipe.round-trip').state = 'inconclusive'; }, /no figure for 'pipe\.round-trip'/],
  'a row that is gone': [JSON_FILE, (results) => { results.rows = results.rows.filter((row) => row.id !== 'pipe.stream'); }, /has no row pipe\.stream|have no row pipe\.stream/],
  "a peer's result that is another": [PEERS, median('dbus.stream', 0.9), /bench\/README\.md is out of date/],
  'a sentence about a peer that holds no more': [PEERS, median('iceoryx.stream', 0.5), /"With frames, iceoryx.*does not hold in peers\.json/],
  "a result of Python's that is another": [PYTHON, median('python-bytes', 0.9), /tables\/bench\.md is out of date/],
  'a table that was edited': ['slides/tables/bench.md', [/102 ns/, '101 ns'], /tables\/bench\.md is out of date/],
  'a table of the page that was edited': [BENCH, [/25,800/, '52,800'], /README\.md is out of date/],
  'a table of the page that is gone': [BENCH, [/<!-- measured -->/, ''], /no place for the table/],
  'a picture of another run': [PICTURE, [/25,784/g, '25,785'], /bench\.svg: is of another run.*25,784/],
  'a figure in a sentence': [BENCH, [/takes \d+ times as long/, 'takes 35 times as long'], /bench\/README\.md is out of date/],
  'a figure on a slide': ['slides/00-intro.md', [/semaphores take \d+ µs and/, 'semaphores take 5 µs and'], /00-intro\.md is out of date/],
  'a sentence that is another': ['slides/06-yolo-queue.md', [/The two copies overlap:/, 'Copies overlap:'], /06-yolo-queue\.md: the sentence .* is not there/],
  'a figure that nobody measured': ['labs/lab3_handshake/README.md', [/\*\*Waiting\.\*\*/, '**Waiting.** A pipe needs 5 µs.'], /lab3_handshake\/README\.md: "5 µs" is no fact/],
};

test('faults in what is said about speed', async (t) => {
  const labs = fs.readdirSync(path.join(ROOT, 'labs')).map((lab) => `labs/${lab}/README.md`);
  const needed = ['README.md', BENCH, JSON_FILE, PEERS, PYTHON, PICTURE, 'slides/tables/bench.md', ...deckFiles().map((name) => `slides/${name}`), ...labs].filter((name) => fs.existsSync(path.join(ROOT, name)));
  const copy = (inner) => {
    const root = scratchOf(inner);
    for (const name of needed) {
      fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      fs.copyFileSync(path.join(ROOT, name), path.join(root, name));
    }
    return root;
  };
  await t.test('nothing is wrong with what is there', (inner) => assert.deepEqual(tableProblems(copy(inner)), []));
  for (const [name, [file, change, expected]] of Object.entries(figures))
    await t.test(`${name} is found`, (inner) => {
      const root = copy(inner);
      const target = path.join(root, file);
      if (typeof change === 'function') {
        const results = JSON.parse(fs.readFileSync(target, 'utf8'));
        change(results);
        fs.writeFileSync(target, JSON.stringify(results));
      } else {
        replaceIn(target, ...change);
      }
      assert.match(tableProblems(root).join('\n'), expected);
    });
});

/* --- what a model says --- */

// One wrong line in each model: [what is replaced, by what].
const models = {
  layout: ['const size = roundUp(at, largest);', 'const size = at;'],
  lifetime: ['each.named || references(state, each, settings) > 0', 'each.named'],
  handshake: ["program.release && what === 'ready' && !first", 'false'],
  semaphores: ['state.semaphores[what] += 1;', 'state.semaphores[what] += 2;'],
  snapshot: ['const same = state.sequence === state.before;', 'const same = true;'],
  queue: ['state.read = (at + 1) % state.slots.length;', 'state.read = at;'],
};

test('faults in models', async (t) => {
  for (const [name, [from, to]] of Object.entries(models))
    await t.test(`one in ${name} is found`, (inner) => {
      const folder = path.join(scratchOf(inner), 'figures');
      fs.cpSync(path.join(SLIDES, 'figures'), folder, { recursive: true });
      fs.writeFileSync(path.join(path.dirname(folder), 'package.json'), '{ "type": "module" }\n');
      replaceIn(path.join(folder, 'models', `${name}.js`), from, to);
      assert.notDeepEqual(nodeTests('test/models.test.mjs', folder).flatMap((result) => result.problems), []);
    });
  await t.test('a folder without tests is found', (inner) => assert.match(nodeTests('.', scratchOf(inner))[0].problems.join(), /ran nothing/));
});
