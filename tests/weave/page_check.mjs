// Weave's pages in a browser: node page_check.mjs FOLDER-OF-NPM-PACKAGES CHROMIUM PAGE...
// Prints what is wrong, a line each: rules of WCAG by axe, requests, script errors, too wide a page, a control without effect.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, executablePath, ...files] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(folder), 'package.json'));
const { chromium } = require('playwright-core');
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const LOOKS = [
  { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  { viewport: { width: 400, height: 800 }, colorScheme: 'light' },
];

const accessibility = async (page) =>
  (await page.evaluate((tags) => axe.run(document, { runOnly: tags }).then((result) => result.violations), RULES)).map(
    ({ id, help, nodes }) => `axe ${id}: ${help}: ${nodes[0].html.slice(0, 100)}`);

const place = (page) => page.textContent('#place');

const drive = async (page, tell) => {
  const many = await page.locator('#steps > li').count();
  const want = async (what, step) => {
    const words = await place(page);
    if (words !== `${step} of ${many}`) tell(`${what} leads to ${words}, not to step ${step}`);
    if (!page.url().endsWith(`#${step}`)) tell(`${what}: the address does not keep step ${step}`);
    if (step > 0 && (await page.locator('[aria-current="step"]').count()) !== 1) tell(`${what}: no current step`);
  };
  await page.click('#forward');
  await want('Forward', 1);
  await page.keyboard.press('ArrowRight');
  await want('the right arrow', 2);
  await page.click('#back');
  await want('Back', 1);
  await page.keyboard.press('End');
  await want('End', many);
  if (await page.isHidden('#end')) tell('the end does not say what went wrong');
  if ((await page.locator('.guilty').count()) === 0) tell('no step is marked as guilty');
  await page.locator('#slider').fill('3');
  await want('the slider', 3);
  await page.locator('#steps button').first().click();
  await want('a click on a step', 1);
  await page.evaluate(() => { location.hash = '#2'; });
  await page.waitForFunction(() => document.getElementById('slider').value === '2');
  await want('the address', 2);
};

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
for (const file of files) {
  for (const look of LOOKS) {
    const context = await browser.newContext(look);
    const page = await context.newPage();
    const tell = (words) => console.log(`${path.basename(file)} at ${look.viewport.width} ${look.colorScheme}: ${words}`);
    const own = pathToFileURL(path.resolve(file)).href;
    page.on('request', (request) => request.url().startsWith(own) || tell(`asks for ${request.url()}`));
    page.on('pageerror', (error) => tell(`script error: ${error.message}`));
    await page.goto(own);
    await page.evaluate(AXE);
    for (const step of ['#0', '#99999']) {
      await page.evaluate((hash) => { location.hash = hash; }, step);
      await page.waitForFunction((zero) => (document.getElementById('slider').value === '0') === zero, step === '#0');
      (await accessibility(page)).forEach(tell);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > look.viewport.width) tell(`${width} pixels wide`);
    }
    await page.evaluate(() => go(0));
    await drive(page, tell);
    await context.close();
  }
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(pathToFileURL(path.resolve(file)).href);
  if (await page.isVisible('#play')) console.log(`${path.basename(file)}: Play is offered where less motion is wanted`);
  await context.close();
}
await browser.close();
