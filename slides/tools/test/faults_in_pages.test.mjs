// Each check of built pages finds the fault that is planted for it, and nothing in the sample deck.
import test from 'node:test';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build, useChromium } from '../build.mjs';
import { deckOf } from '../check.mjs';
import { launch } from '../checks/browser.mjs';
import { driveAll } from '../checks/figures.mjs';
import { auditPage } from '../checks/pages.mjs';
import { pdfProblems } from '../checks/pdf.mjs';

const SAMPLE = fileURLToPath(new URL('sample.md', import.meta.url));
const HEAD = '---\nmarp: true\ntheme: shmlab\ntitle: Planted\nlang: en\nheadingDivider: 2\n---\n\n';
const NOTE = '\n\n<!-- Notes. -->\n';
const svg = (body) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 100" width="600" height="100">${body}</svg>`;

// name -> [the slide, what is found on it, or of its deck as a whole]
const slides = {
  overflow: [`## Much\n\n${Array.from({ length: 30 }, (_, at) => `- line ${at}`).join('\n')}${NOTE}`, /content of 1280x\d+ on a slide of 1280x720/],
  cut: [`## Wide\n\n\`\`\`text step=1\n${'wide '.repeat(40)}\n\`\`\`${NOTE}`, /text cut by|text outside the slide/],
  tiny: [`## Tiny\n\n![a tiny word](tiny.svg)${NOTE}`, /text of \d+\.\d pixels: tiny/],
  pale: [`## Pale\n\n![a pale word](pale.svg)${NOTE}`, /contrast of 1\.\d to 1: pale/],
  silent: ['## Silent\n\nNothing to say.\n', /no speaker notes/],
  colour: [`## Colour\n<!-- _color: "#bbbbbb" -->\n\nGrey on white.${NOTE}`, /axe color-contrast/],
  request: [`## Request\n<!-- _backgroundImage: "url(http://127.0.0.1:9/picture.png)" -->\n\nText.${NOTE}`, /asks for http:\/\/127\.0\.0\.1:9/],
  font: [`## Font\n\nAn arrow → that no embedded font has.${NOTE}`, /a font of this machine/],
};

// The scripts and ids of a page cannot be spoilt from Markdown: these go to the end of the built page.
const pageFaults = {
  error: ['<script>throw new Error("planted")</script>', /script error: planted/],
  console: ['<script>console.error("planted")</script>', /console: planted/],
  printed: ['<style>@media print { section h2 { font-size: 4px !important; } }</style>', /printed: text of 4\.0 pixels: A figure/],
  ids: ['<i id="two"></i><i id="two"></i>', /the id two is there twice/],
};

// And these are changes of the figures' script.
const figureFaults = {
  back: ['this.pause(); this.go(this.at - 1);', 'this.pause(); this.go(this.at);', /Back does not lead back/],
  live: ["'aria-live': 'polite'", "'aria-live': 'off'", /no live region/],
  address: ['history.replaceState(history.state', 'void (history.state', /address does not keep the state/],
  order: ['show(this.steps, this.asked);', 'show(this.steps, true);', /before a prediction/],
  tab: ["element('button', { type: 'button', ...attributes", "element('button', { type: 'button', tabindex: -1, ...attributes", /cannot be reached with Tab/],
  turn: ["document.addEventListener('keydown', passTurnKeys, true);", '', /arrow on a button does not turn the slide/],
  motion: ['.play{display:none}', '.play{display:block}', /Play is offered/],
};

const chromium = useChromium();
const options = { skip: chromium ? false : 'chromium is missing', timeout: 1_000_000 };

test('faults in pages', options, async (t) => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmlab-plant-'));
  const browser = await launch();
  t.after(async () => {
    await browser.close();
    fs.rmSync(scratch, { recursive: true });
  });
  const out = path.join(scratch, 'out');
  const put = (name, words) => {
    fs.writeFileSync(path.join(scratch, name), words);
    return path.join(scratch, name);
  };
  put('tiny.svg', svg('<text x="10" y="40" font-size="9" fill="#000000">tiny</text>'));
  put('pale.svg', svg('<text x="10" y="40" font-size="30" fill="#cccccc">pale</text>'));
  const planted = put('planted.md', HEAD + Object.values(slides).map(([slide]) => slide.replace(/\((\w+\.svg)\)/, `(${scratch}/$1)`)).join('\n\n'));
  const headings = put('headings.md', `${HEAD.replace('headingDivider: 2', 'headingDivider: 1')}## One\n\n## Two${NOTE}`);
  const figure = put('figure.md', `${HEAD}# Title${NOTE}\n## A figure\n\n\`\`\`figure name=handshake\nTry.\n\`\`\`${NOTE}`);
  const long = put('long.md', `${HEAD}## Long\n\n\`\`\`c\n    ${'word '.repeat(20)}--option;\n\`\`\`${NOTE}`);
  await build([SAMPLE, figure, long, planted, headings], out, { pdf: false });
  const slidesOf = (name) => auditPage(browser, name, path.join(out, `${name}.html`));
  const audit = async (name) => (await slidesOf(name)).flatMap((result) => result.problems);
  const spoilt = (source, name, from, to) => {
    const page = fs.readFileSync(path.join(out, `${source}.html`), 'utf8');
    assert.ok(page.includes(from), `the page has no ${from}`);
    fs.writeFileSync(path.join(out, `${name}.html`), page.replaceAll(from, to));
  };

  await t.test('pages: nothing is wrong with the sample', async () => assert.deepEqual(await audit('sample'), []));
  await t.test('pages: code that is too wide for a line goes on in the next', async () => {
    assert.match(fs.readFileSync(path.join(out, 'long.html'), 'utf8'), /<span class="long" style="padding-left:8ch;text-indent:-8ch">.*<span class="word">--option;<\/span>/);
    assert.deepEqual(await audit('long'), []);
  });
  const [whole, ...each] = await slidesOf('planted');
  for (const [at, [name, [, expected]]] of Object.entries(slides).entries()) await t.test(`pages: ${name} is found`, () => assert.match([...whole.problems, ...each[at].problems].join('\n'), expected));
  await t.test('pages: a second heading is found', async () => assert.match((await audit('headings')).join('\n'), /2 headings of level 1 or 2/));
  spoilt('figure', 'spoilt', '</body>', `${Object.values(pageFaults).map(([words]) => words).join('')}</body>`);
  const found = (await audit('spoilt')).join('\n');
  for (const [name, [, expected]] of Object.entries(pageFaults)) await t.test(`pages: ${name} is found`, () => assert.match(found, expected));

  const driven = async (name, until) => (await driveAll(browser, { name, html: path.join(out, `${name}.html`) }, until)).flatMap((result) => result.problems);
  await t.test('figures: nothing is wrong with the handshake', async () => assert.deepEqual(await driven('figure'), []));
  for (const [name, [from, to, expected]] of Object.entries(figureFaults))
    await t.test(`figures: ${name} is found`, async () => {
      spoilt('figure', `figure-${name}`, from, to);
      assert.match((await driven(`figure-${name}`, expected)).join('\n'), expected);
    });
});

test('faults in the PDF', options, async (t) => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'shmlab-plant-'));
  t.after(() => fs.rmSync(scratch, { recursive: true }));
  const few = path.join(scratch, 'few.md');
  fs.writeFileSync(few, `${HEAD}# Title${NOTE}\n## A figure\n\n\`\`\`figure name=handshake\nTry.\n\`\`\`${NOTE}`);
  await build([few], scratch);
  const deck = deckOf(few, scratch);
  await t.test('nothing is wrong with a good one', () => assert.deepEqual(pdfProblems(deck), []));
  await t.test('an untagged one is found, and so are alt texts that are lost', () => {
    const pdf = path.join(scratch, 'untagged.pdf');
    spawnSync('pdftocairo', ['-pdf', deck.pdf, pdf]);
    const found = pdfProblems({ ...deck, pdf }).join('\n');
    assert.match(found, /not tagged/);
    assert.match(found, /lacks the alt text/);
    assert.match(found, /has no title/);
  });
  await t.test('a page that is lost is found', () => {
    const pdf = path.join(scratch, 'short.pdf');
    spawnSync('qpdf', ['--empty', '--pages', deck.pdf, '1', '--', pdf]);
    assert.match(pdfProblems({ ...deck, pdf }).join('\n'), /has 1 pages for 2 slides/);
  });
});

test('decks that must not build', options, async (t) => {
  const faults = {
    'a picture without alt text': ['![](../docs/img/mailbox.svg)', /alt text/],
    'a picture from elsewhere': ['![far](https://example.invalid/a.png)', /only files of this repository/],
    'a picture that is not there': ['![none](img/none.svg)', /ENOENT/],
    'a figure that is not there': ['```figure name=none\nTry.\n```', /there is none/],
    'a figure without a task': ['```figure name=queue\n```', /needs a task/],
    'a setting that a figure has not': ['```figure name=queue colour=red\nTry.\n```', /no setting colour/],
    'a run that the model does not allow': ['```figure name=handshake run=r\nTry.\n```', /cannot be taken/],
  };
  const { Marp } = await import('@marp-team/marp-core');
  const { default: config } = await import('../../marp.config.mjs');
  const render = (words) => config.engine({ marp: new Marp({ ...config.options, html: false }) }).render(`${HEAD}## Slide\n\n${words}\n`);
  assert.match(render('Fine.').html, /Fine\./);
  for (const [name, [words, expected]] of Object.entries(faults)) await t.test(name, () => assert.throws(() => render(words), expected));
});
