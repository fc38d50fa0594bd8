// Each check of what needs no browser finds the fault that is planted for it, and nothing in the sample deck.
import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fingerprint, isMade } from '../build.mjs';
import { deckOf } from '../check.mjs';
import { Missing } from '../checks/programs.mjs';
import * as blocks from '../checks/blocks.mjs';
import { commandProblems } from '../checks/commands.mjs';
import { handoutProblems } from '../checks/handouts.mjs';
import { freshness } from '../checks/play.mjs';
import { deadLinks } from '../checks/site.mjs';
import { drawingResults } from '../drawings.mjs';
import * as snippets from '../checks/snippets.mjs';
import * as spelling from '../checks/spelling.mjs';
import * as text from '../checks/text.mjs';
import { ROOT } from '../decks.mjs';
import { differing, layoutsRead } from '../layouts.mjs';
import { snippet } from '../snippets.mjs';

const SAMPLE = fileURLToPath(new URL('sample.md', import.meta.url));
const sample = () => deckOf(SAMPLE, '/nowhere');
const changed = (from, to) => {
  const deck = sample();
  assert.ok(deck.text.includes(from), `the sample has no ${JSON.stringify(from)}`);
  return { ...deck, text: deck.text.replace(from, to) };
};
const problems = async (check, deck) => (await check.run({ decks: [deck] })).flatMap((result) => result.problems);

// Runs where a program is missing say so instead of failing.
const where = (act) => async (t) => {
  try {
    await act(t);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    t.skip(error.message);
  }
};

for (const [name, check] of Object.entries({ text, snippets, blocks, spelling }))
  test(`${name}: nothing is wrong with the sample`, where(async () => assert.deepEqual(await problems(check, sample()), [])));

const plants = [
  [text, 'a setting that is missing', 'lang: en', 'language: en', /front matter needs lang/],
  [text, 'a title that is missing', 'title: "A sample deck"', '', /front matter needs title/],
  [text, 'a rule between slides', '## A table', '---\n\n## A table', /between slides/],
  [text, 'raw HTML', '- a list', '- a <b>list</b>', /raw HTML, <b>/],
  [text, 'a second title', '## A table', '# A table', /heading of level 1/],
  [text, 'no questions at the end', '## Check yourself', '## The end', /the last slide is/],
  [text, 'two questions', '3. Three?', '', /three numbered questions/],
  [text, 'notes that ask nothing', 'Ask: is one a square? It is.', 'One is a square.', /20: "Code from the sources": the notes have no question/],
  [text, 'a question without its answer', 'which is left? The first.', 'which is left?', /"A table and two columns": the notes have no question/],
  [text, 'a link to nowhere', '- a list', '- a [list](nowhere.md)', /nowhere\.md does not exist/],
  [text, 'a link to a heading that is not there', '- a list', '- a [list](../../WRITING.md#no-such-heading)', /no heading #no-such-heading/],
  [text, 'a link without words', '- a list', '- a [](../../WRITING.md)', /no words/],
  [text, 'a picture without alt text', '- a list', '![](sample.c)', /no alt text/],
  [text, 'a letter that no embedded font has', '- a list', '- a list → there', /embedded fonts: →/],
  [text, 'an emoji', '- a list', '- a list 😀', /embedded fonts/],
  [text, 'a word after a fence that means nothing', 'step=1|2-3', 'steps=1|2-3', /"steps" means nothing/],
  [text, 'a step after the end', 'step=1|2-3', 'step=1|9', /step 9: the code has 4 lines/],
  [text, 'a fence without a language', '```c fragment\nint left;', '```\nint left;', /names no language/],
  [text, 'a line of code that is too wide', 'int left;', `int ${'x'.repeat(120)};`, /at most 110/],
  [snippets, 'code that was changed', 'return n * n;', 'return n + n;', /differs from sample\.c#square/],
  [snippets, 'a region that is not there', 'sample.c#square', 'sample.c#cube', /no region slide:cube/],
  [snippets, 'a file that is not there', 'sample.c#square', 'example.c', /no such file/],
  [blocks, 'C that does not compile', '```c fragment\nint left;', '```c\nint left = missing;', /c code: .*undeclared/],
  [blocks, 'Python that does not parse', '```c fragment\nint left;', '```python\nif x\n', /python code: SyntaxError/],
  [spelling, 'a misspelling', 'A sentence to remember.', 'A sentense to remember.', /sentense ==> sentence/],
];
for (const [check, what, from, to, expected] of plants)
  test(
    `${check.title}: ${what} is found`,
    where(async () => {
      const deck = changed(from, to);
      if (check === spelling) {
        const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmlab-plant-'));
        deck.file = path.join(scratch, 'deck.md');
        fs.writeFileSync(deck.file, deck.text);
        try {
          assert.match((await problems(check, deck)).join('\n'), expected);
        } finally {
          fs.rmSync(scratch, { recursive: true });
        }
      } else {
        assert.match((await problems(check, deck)).join('\n'), expected);
      }
    }),
  );

test('blocks: C that compiles as a file, and C that compiles as the inside of a function, pass', where(async () => {
  for (const code of ['static int one(void)\n{\n    return 1;\n}', 'int fd = shm_open("/x", O_RDWR, 0);\nclose(fd);', 'struct mailbox *box = NULL;\nbox->ready = true;'])
    assert.deepEqual(await problems(blocks, changed('```c fragment\nint left;', `\`\`\`c\n${code}`)), []);
}));

test('snippets: markers never show, regions may be nested and have several stretches', () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmlab-plant-'));
  try {
    fs.writeFileSync(path.join(scratch, 'a.c'), 'x;\n/* slide:outer */\n    a;\n    /* slide:inner */\n    b;\n    /* slide:end */\n/* slide:end */\nc;\n/* slide:outer */\n    d;\n/* slide:end */\n');
    fs.writeFileSync(path.join(scratch, 'b.py'), '# slide:open\nx = 1\n');
    assert.equal(snippet('a.c#outer', scratch), 'a;\nb;\n/* … */\nd;');
    assert.equal(snippet('a.c#inner', scratch), 'b;');
    assert.doesNotMatch(snippet('a.c', scratch), /slide:/);
    assert.throws(() => snippet('b.py#open', scratch), /has no slide:end/);
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
});

const HANDOUT = path.join(ROOT, 'labs', 'lab3_handshake', 'README.md');
const WAY = 'Open [play](../../docs/play.html#handshake&goal=2&program=half&run=ww).\n\n<!-- slides -->\n[The deck](../../slides/03-handshake.md#try-every-order).\n<!-- slides: end -->\n';
const ways = {
  'a page that is not there': ['docs/play.html', 'docs/plays.html', /plays\.html.* does not exist/],
  'a figure that is not there': ['#handshake&', '#handshakes&', /there is no figure handshakes/],
  'a goal that is not there': ['goal=2', 'goal=9', /there is no goal 9/],
  'a setting that the figure has not': ['program=half', 'colour=half', /no setting colour/],
  'a value that a setting has not': ['program=half', 'program=none', /cannot be "none"/],
  'a run that cannot be taken': ['run=ww', 'run=wr', /cannot be taken/],
  'a handout that leads to no figure': ['#handshake&goal=2&program=half&run=ww', '', /leads to no figure \(handshake\)/],
  'a handout that leads to another lab\'s figure': ['#handshake&goal=2&program=half&run=ww', '#queue', /leads to no figure \(handshake\)/],
  'a heading that the deck has not': ['#try-every-order', '#try-some', /no heading #try-some/],
  'slides that a class has not': ['<!-- slides: end -->\n', '<!-- slides: end -->\nSee the slides.\n', /names the slides outside/],
};
test('handouts: nothing is wrong with a good way to a figure', () => assert.deepEqual(handoutProblems({ file: HANDOUT, text: WAY, figures: ['handshake'] }), []));
for (const [name, [from, to, expected]] of Object.entries(ways))
  test(`handouts: ${name} is found`, () => {
    assert.ok(WAY.includes(from));
    assert.match(handoutProblems({ file: HANDOUT, text: WAY.replace(from, to), figures: ['handshake'] }).join('\n'), expected);
  });

test('layouts: a member that grows changes its picture and no other', where((t) => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmlab-plant-'));
  try {
    const header = fs.readFileSync(path.join(ROOT, 'common', 'include', 'shmlab', 'mailbox.h'), 'utf8');
    const grown = header.replace(/^_Static_assert.*$/gm, '').replace('MAILBOX_MESSAGE_CAPACITY = 100', 'MAILBOX_MESSAGE_CAPACITY = 104');
    assert.notEqual(grown, header);
    fs.mkdirSync(path.join(scratch, 'shmlab'));
    fs.writeFileSync(path.join(scratch, 'shmlab', 'mailbox.h'), grown);
    let layouts;
    try {
      layouts = layoutsRead([scratch]);
    } catch (error) {
      return t.skip(error.message);
    }
    assert.deepEqual(differing(layouts), ['mailbox.svg']);
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
}));

const told = {
  'Run `make lab3 CHECK=race`, then `make replay3`; open `labs/lab3_handshake/writer.c`, start `build/slides/demos/copies`.': /^$/,
  'Run `make lab9`.': /make has no target lab9/,
  'Run `make lab3 CHECK=rase`.': /lab 3 has no check rase/,
  'Open `labs/lab3_handshake/mailman.c`.': /there is no labs\/lab3_handshake\/mailman\.c/,
  'Start `build/slides/demos/late_flag`.': /there is no build\/slides\/demos\/late_flag/,
};
for (const [words, expected] of Object.entries(told)) test(`commands: ${words}`, where(() => assert.match(commandProblems(words, ROOT).join('\n'), expected)));

test('site: a link that leads nowhere, a picture and a heading that are not there are found', () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmlab-plant-'));
  try {
    fs.writeFileSync(path.join(scratch, 'a.html'), '<h2 id="here">x</h2><a href="a.html#here">x</a><a href="https://example.org/">x</a>');
    assert.deepEqual(deadLinks(scratch, 'a.html'), []);
    fs.writeFileSync(path.join(scratch, 'b.html'), '<a href="c.html">x</a><img src="d.svg"><a href="a.html#there">x</a>');
    assert.match(deadLinks(scratch, 'b.html').join('\n'), /href c\.html is not there\nsrc d\.svg is not there\na\.html#there: no such heading/);
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
});

test('play: a page that was edited by hand is found', () => assert.match(freshness('<!doctype html>').problems.join(), /out of date/));

test('drawings: one that was edited by hand is found', () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmlab-plant-'));
  try {
    const stale = drawingResults(scratch).filter((each) => each.problems.length > 0);
    assert.equal(stale.length, drawingResults().length);
    assert.ok(drawingResults().every((each) => each.problems.length === 0));
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
});

test('build: decks that are there are taken only while they are what would be built', () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmlab-plant-'));
  try {
    const put = (name, words) => fs.writeFileSync(path.join(scratch, name), words);
    const deck = path.join(scratch, 'a.md');
    put('a.md', `![a picture](${scratch}/b.svg)`);
    put('b.svg', '<svg/>');
    put('a.html', '');
    assert.ok(!isMade([deck], scratch, { pdf: false }), 'nothing says of what it was made');
    put('made.json', JSON.stringify({ of: fingerprint([deck]), pdf: false }));
    assert.ok(isMade([deck], scratch, { pdf: false }));
    assert.ok(!isMade([deck], scratch, { pdf: true }), 'there is no PDF');
    put('b.svg', '<svg></svg>');
    assert.ok(!isMade([deck], scratch, { pdf: false }), 'a picture has changed');
    put('made.json', JSON.stringify({ of: fingerprint([deck]), pdf: false }));
    put('a.md', 'Other words.');
    assert.ok(!isMade([deck], scratch, { pdf: false }), 'the deck has changed');
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
});
