// One chromium for all checks of pages, and what they have in common.
import { pathToFileURL } from 'node:url';
import { chromiumPath, FLAGS, MISSING, PATIENCE } from '../chromium.mjs';
import { Missing } from './programs.mjs';

export const SIZE = { width: 1280, height: 720 };

export const launch = async () => {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Missing(MISSING);
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath, args: FLAGS, timeout: PATIENCE * 1000 });
};

/** Load a deck's page afresh into a page that is there already: much cheaper than another one. */
export const visit = async (page, file, { query = '', slide } = {}) => {
  if (page.url() !== 'about:blank') await page.goto('about:blank'); // another #slide alone would load nothing
  await page.goto(`${pathToFileURL(file).href}${query}${slide === undefined ? '' : `#${slide}`}`);
  await page.waitForSelector('svg.bespoke-marp-active', { state: 'attached' });
  await page.evaluate(() => document.fonts.ready);
};

/** Open a deck's page, on one slide if so wished; `tell` gets requests and script errors, which there must not be. */
export const open = async (browser, file, { tell = () => {}, query = '', slide, ...options } = {}) => {
  const context = await browser.newContext({ viewport: SIZE, ...options });
  context.setDefaultTimeout(PATIENCE * 1000);
  const page = await context.newPage();
  const own = pathToFileURL(file).href;
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(own) && !/^(data|blob|about):/.test(url)) tell(`asks for ${url}`);
  });
  page.on('pageerror', (error) => tell(`script error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') tell(`console: ${message.text()}`);
  });
  await visit(page, file, { query, slide });
  return page;
};

export const slideCount = (page) => page.evaluate(() => document.querySelectorAll('svg[data-marpit-svg]').length);

export const turnTo = async (page, number) => {
  await page.evaluate((hash) => { location.hash = hash; }, `#${number}`);
  await page.waitForFunction((at) => [...document.querySelectorAll('svg[data-marpit-svg]')][at - 1].classList.contains('bespoke-marp-active'), number);
};
