// Every slide in a browser: nothing too large, cut, tiny or pale; one heading; notes; WCAG 2.2 A and AA by axe; nothing is
// fetched; no script fails. Then the same slide as it prints.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { launch, open, slideCount, turnTo } from './browser.mjs';
import { auditSlide, strangeFonts } from './audit.mjs';

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const TEXTS = 'p, li, td, th, h1, h2, h3, pre, code, text, button, label, figcaption'.split(', ').map((each) => `svg.bespoke-marp-active section ${each}`).join(', ');

const accessibility = (page) =>
  page.evaluate(async (tags) => {
    const { violations } = await axe.run({ include: ['svg.bespoke-marp-active section'] }, { runOnly: tags });
    return violations.map(({ id, help, nodes }) => `axe ${id}: ${help}: ${nodes[0].html.replace(/\s+/g, ' ').slice(0, 100)}`);
  }, RULES);

const auditAt = (page, at) => page.evaluate(`(${auditSlide})(document.querySelectorAll('svg[data-marpit-svg]')[${at}].querySelector('section'))`);

// Axe walks over the whole page for each slide: so the page holds only the slide that is looked at, and at the end all again.
// These two run inside the page.
const takeApart = () => {
  const slides = [...document.querySelectorAll('svg[data-marpit-svg]')];
  const parts = slides.map((slide) => {
    const part = document.createDocumentFragment();
    part.append(...slide.childNodes);
    return part;
  });
  let shown = -1;
  window.showOnly = (at) => {
    if (shown >= 0) parts[shown].append(...slides[shown].childNodes);
    slides[at].append(parts[at]);
    shown = at;
  };
  window.showAll = () => slides.forEach((slide, at) => slide.append(parts[at]));
};

/** All slides of one page: [{ what, problems }]. */
export const auditPage = async (browser, name, file) => {
  const general = [];
  const page = await open(browser, file, { tell: (words) => general.push(words) });
  await page.evaluate(AXE);
  const client = await page.context().newCDPSession(page);
  const slides = [];
  const many = await slideCount(page);
  await page.evaluate(takeApart);
  for (let number = 1; number <= many; number++) {
    await page.evaluate((at) => window.showOnly(at), number - 1);
    await turnTo(page, number);
    // Every fragment shown: that is the fullest state.
    const problems = [...(await auditAt(page, number - 1)), ...(await strangeFonts(client, TEXTS)), ...(await accessibility(page))];
    const note = await page.evaluate((at) => document.querySelector(`.bespoke-marp-note[data-index="${at}"]`)?.textContent.trim() ?? '', number - 1);
    if (note === '') problems.push('no speaker notes');
    slides.push({ what: `${name} slide ${number}`, problems });
  }
  await page.evaluate(() => window.showAll());
  const twice = await page.evaluate(() => {
    const seen = {};
    for (const { id } of document.querySelectorAll('[id]')) seen[id] = (seen[id] ?? 0) + 1;
    return Object.keys(seen).filter((id) => seen[id] > 1);
  });
  for (const id of twice) general.push(`the id ${id} is there twice`);

  await page.emulateMedia({ media: 'print' });
  for (let at = 0; at < many; at++) slides[at].problems.push(...(await auditAt(page, at)).map((words) => `printed: ${words}`).filter((words) => !slides[at].problems.includes(words.slice(9))));
  await page.context().close();
  return [{ what: `${name} as a whole`, problems: [...new Set(general)] }, ...slides];
};

export const title = 'pages';
export const builds = ['html'];

export const run = async ({ decks }) => {
  const browser = await launch();
  try {
    const results = [];
    for (const { name, html } of decks) results.push(...(await auditPage(browser, name, html)));
    return results;
  } finally {
    await browser.close();
  }
};
