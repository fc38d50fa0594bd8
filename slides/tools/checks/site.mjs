// The site, both editions: each link and picture is there, headings have the anchors that are named, no page is wider than a
// telephone, nothing is fetched, WCAG 2.2 by axe, the search finds a heading, and students see no answers.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { scratchFolder } from '../scratch.mjs';
import { buildSite } from '../site.mjs';
import { launch } from './browser.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const LOOKED_AT = ['index.html', 'labs/lab3_handshake/index.html', 'docs/wire-formats.html'];
const SECRET = /(^|\/)(solutions|instructors|slides)\//;

const filesOf = (folder) => fs.readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.html'));

const sheetOf = (folder, name) => /<main[\s\S]*<\/main>/.exec(fs.readFileSync(path.join(folder, name), 'utf8'))[0];

/** Links of a page that lead nowhere: [string]. */
export const deadLinks = (folder, name) => {
  const text = fs.readFileSync(path.join(folder, name), 'utf8');
  const problems = [];
  for (const [, kind, link] of text.matchAll(/<(?:a|img|link|script)\b[^>]*\b(href|src)="([^"]*)"/g)) {
    if (/^(https?|mailto):/.test(link)) continue;
    const [where, anchor] = link.replace(/&amp;/g, '&').split('#');
    const file = where === '' ? path.join(folder, name) : path.resolve(folder, path.dirname(name), where.split('?')[0]);
    if (!fs.existsSync(file)) problems.push(`${kind} ${link} is not there`);
    else if (anchor && !file.endsWith('play.html') && !/\bslides\/\d\d/.test(file) && !fs.readFileSync(file, 'utf8').includes(`id="${decodeURIComponent(anchor)}"`)) problems.push(`${link}: no such heading`);
  }
  return problems;
};

const pageProblems = async (page, folder, name, axeToo, tell) => {
  await page.goto(pathToFileURL(path.join(folder, name)).href);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) tell(`${wide} pixels wider than a window of 400`);
  if (!axeToo || !LOOKED_AT.includes(name)) return;
  await page.addScriptTag({ path: AXE });
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(async (tags) => (await axe.run(document, { runOnly: tags })).violations.map(({ id, help, nodes }) => `axe ${id}: ${help}: ${nodes[0].html.slice(0, 90)}`), RULES);
    found.forEach((words) => tell(`${colorScheme}: ${words}`));
  }
};

const searches = async (page, folder) => {
  await page.goto(pathToFileURL(path.join(folder, 'labs/lab3_handshake/index.html')).href);
  const found = await page.evaluate(() => {
    const field = document.querySelector('#search');
    field.value = 'wrong goes';
    field.dispatchEvent(new Event('input'));
    return [...document.querySelectorAll('#found a')].map((each) => each.href);
  });
  return found.some((link) => link.endsWith('/docs/when-it-goes-wrong.html')) ? [] : [`the search for "wrong goes" finds ${found.join(' ') || 'nothing'}`];
};

export const title = 'site';

export const run = async () => {
  const { folder, done } = scratchFolder('site');
  const browser = await launch();
  try {
    const context = await browser.newContext({ viewport: { width: 400, height: 800 } });
    const page = await context.newPage();
    const results = [];
    const seen = new Set(); // what is the same in both editions is looked at once
    for (const students of [false, true]) {
      const edition = students ? 'students' : 'all';
      const root = path.join(folder, edition);
      const problems = [];
      page.removeAllListeners();
      page.on('pageerror', (error) => problems.push(`script error: ${error.message}`));
      page.on('request', (request) => { if (!/^(file|data):/.test(request.url())) problems.push(`asks for ${request.url()}`); });
      const site = buildSite(root, { students });
      const names = filesOf(root);
      for (const name of names) {
        deadLinks(root, name).forEach((words) => problems.push(`${name}: ${words}`));
        if (students && SECRET.test(name)) problems.push(`${name} is not for students`);
      }
      for (const name of site.pages.map((each) => (each === 'README.md' ? 'index.html' : each.replace(/README\.md$/, 'index.html').replace(/\.md$/, '.html')))) {
        const sheet = sheetOf(root, name);
        if (!seen.has(sheet)) await pageProblems(page, root, name, !students, (words) => problems.push(`${name}: ${words}`));
        seen.add(sheet);
      }
      problems.push(...(await searches(page, root)));
      results.push({ what: `site, edition for ${edition}, ${names.length} pages`, problems });
    }
    return results;
  } finally {
    await browser.close();
    done();
  }
};
