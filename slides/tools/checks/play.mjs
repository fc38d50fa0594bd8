// The page on which the figures are played: it is what the sources make, and every goal of it is reached in a window of a
// telephone's size by pressing its buttons. Nothing is too wide, too small for a thumb or pale; WCAG 2.2 by axe, light and dark.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { goals } from '../../figures/goals.js';
import { models } from '../../figures/models.js';
import { solve } from '../../figures/solve.js';
import { PLAY, playPage } from '../play_page.mjs';
import { launch } from './browser.mjs';
import { PATIENCE } from '../chromium.mjs';

const PHONE = { width: 400, height: 800 };
const THUMB = 44; // pixels
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

// One page of a browser, which is led from state to state: another one for each would cost more than all that is looked at.
export const openPlay = async (browser, { file = PLAY, tell }) => {
  const context = await browser.newContext({ viewport: PHONE });
  context.setDefaultTimeout(PATIENCE * 1000);
  const page = await context.newPage();
  const own = pathToFileURL(file).href;
  page.on('request', (request) => {
    if (!request.url().startsWith(own) && request.url() !== 'about:blank') tell(`asks for ${request.url()}`);
  });
  page.on('pageerror', (error) => tell(`script error: ${error.message}`));
  return page;
};

export const visit = async (page, { file = PLAY, hash = '', colorScheme = 'light', reducedMotion = 'reduce' }) => {
  await page.emulateMedia({ colorScheme, reducedMotion });
  await page.goto('about:blank'); // another hash alone would load nothing
  await page.goto(pathToFileURL(file).href + hash);
};

/** What does not fit: [string]. */
const misfits = (page) =>
  page.evaluate((thumb) => {
    const problems = [];
    if (document.documentElement.scrollWidth > innerWidth) problems.push(`the page is ${document.documentElement.scrollWidth} pixels wide in a window of ${innerWidth}`);
    for (const each of document.querySelectorAll('button, select, nav a, summary')) {
      if (!each.checkVisibility()) continue;
      const { width, height, left, right } = each.getBoundingClientRect();
      if (width < thumb || height < thumb) problems.push(`"${each.textContent.slice(0, 30)}" is ${Math.round(width)}x${Math.round(height)}: too small for a thumb`);
      if (left < 0 || right > innerWidth + 1) problems.push(`"${each.textContent.slice(0, 30)}" is partly outside of the window`);
    }
    for (const svg of document.querySelectorAll('.picture-box svg')) {
      if (!svg.checkVisibility()) continue;
      const edge = svg.getBoundingClientRect();
      for (const text of svg.querySelectorAll('text')) {
        const box = text.getBoundingClientRect();
        if (box.width > 0 && (box.left < edge.left - 1 || box.right > edge.right + 1)) problems.push(`the picture cuts "${text.textContent}"`);
      }
    }
    return problems;
  }, THUMB);

const accessibility = (page) =>
  page.evaluate(async (tags) => {
    const { violations } = await axe.run(document, { runOnly: tags });
    return violations.map(({ id, help, nodes }) => `axe ${id}: ${help}: ${nodes[0].html.slice(0, 100)}`);
  }, RULES);

/** Press the buttons of `way`, one after the other; the words of the page at the end. */
const walk = (page, way) =>
  page.evaluate((steps) => {
    const figure = [...document.querySelectorAll('.figure')].find((each) => each.checkVisibility());
    for (const { who, label } of steps) {
      const group = [...figure.querySelectorAll('.steps fieldset')].find((each) => each.querySelector('legend').textContent === who);
      [...group.querySelectorAll('button')].find((each) => each.textContent === label).click();
    }
    return figure.querySelector('[role="status"]').textContent;
  }, way);

const press = (page, words) =>
  page.evaluate((wanted) => {
    const button = [...document.querySelectorAll('button')].find((each) => each.checkVisibility() && each.textContent.startsWith(wanted));
    if (button === undefined) throw new Error(`there is no button "${wanted}"`);
    button.click();
  }, words);

const visible = (page, selector, words = '') =>
  page.evaluate(([each, wanted]) => [...document.querySelectorAll(each)].some((one) => one.checkVisibility() && one.textContent.includes(wanted)), [selector, words]);

const playGoal = async (page, name, at, problems) => {
  const goal = goals[name].levels[at];
  const fits = async (when) => {
    for (const found of await misfits(page)) problems.push(`goal ${at + 1}, ${when}: ${found}`);
  };
  await press(page, `Goal ${at + 1}`);
  await fits('as it opens');
  if (await visible(page, '.predict')) await press(page, 'Just show me');
  const way = solve(models[name], goal);
  if (way === null) await press(page, models[name].search);
  const told = await walk(page, (way ?? []).slice(0, -1));
  if (way !== null && /Reached/.test(told)) problems.push(`goal ${at + 1} is reached too early`);
  const won = await walk(page, (way ?? []).slice(-1));
  if (!/Reached/.test(won)) problems.push(`goal ${at + 1} is not reached by ${JSON.stringify(way)}: ${won}`);
  if (!(await visible(page, '.goals [aria-pressed="true"]', 'reached'))) problems.push(`goal ${at + 1}: its button does not say that it was reached`);
  await fits('reached');
};

const playFigure = async (page, name) => {
  const problems = [];
  await visit(page, { hash: `#${name}` });
  await page.addScriptTag({ path: AXE });
  for (const at of goals[name].levels.keys()) await playGoal(page, name, at, problems);
  problems.push(...(await accessibility(page)));
  // The history leads back; the address leads here.
  const returns = () => {
    const first = [...document.querySelectorAll('.trail button')].find((each) => each.checkVisibility());
    first?.click();
    return first === undefined || document.activeElement.closest('.trail .now') !== null;
  };
  if (!(await page.evaluate(returns))) problems.push('a step of the history is not gone to');
  const { hash, words } = await page.evaluate(() => ({ hash: location.hash, words: [...document.querySelectorAll('.said')].find((each) => each.checkVisibility()).textContent }));
  await visit(page, { hash, colorScheme: 'dark' });
  await page.addScriptTag({ path: AXE });
  if (!/^All/.test(words) && !(await visible(page, '.said', words))) problems.push(`the link ${hash} opens another state`);
  problems.push(...(await accessibility(page)).map((each) => `dark: ${each}`));
  return { what: `play.html, ${name}`, problems: [...new Set(problems)] };
};

// Tokens, frames and members move, but for a reader who wants no motion.
const motion = async (page) => {
  const problems = [];
  for (const [reducedMotion, moves] of [['no-preference', true], ['reduce', false]]) {
    await visit(page, { hash: '#handshake&goal=2&run=w', reducedMotion });
    const many = await page.evaluate(() => {
      [...document.querySelectorAll('.steps button')].find((each) => each.textContent === 'value reaches memory' && each.checkVisibility()).click();
      return document.getAnimations().length;
    });
    if (many > 0 !== moves) problems.push(`${many} animations with prefers-reduced-motion: ${reducedMotion}`);
  }
  return { what: 'play.html, motion', problems };
};

export const freshness = (text) => ({ what: 'docs/play.html', problems: text === playPage() ? [] : ['out of date: cd slides && npm run play'] });

export const title = 'play';

export const run = async () => {
  const browser = await launch();
  try {
    const results = [freshness(fs.readFileSync(PLAY, 'utf8'))];
    const told = [];
    const page = await openPlay(browser, { tell: (words) => told.push(words) });
    for (const name of Object.keys(goals)) results.push(await playFigure(page, name));
    results.push(await motion(page));
    results.push({ what: 'play.html, scripts and requests', problems: [...new Set(told)] });
    return results;
  } finally {
    await browser.close();
  }
};
