// Every figure of every deck, driven by the keyboard alone as a reader would: predict, step, back, reset, search, link.
import { launch, open, turnTo } from './browser.mjs';
import { auditSlide } from './audit.mjs';

const MOST_TABS = 60;

class Driver {
  constructor(page, at) {
    this.page = page;
    this.at = at; // the figure's place among the figures of the page
  }

  /** Run a function in the page on the figure's element. */
  inside(act, given) {
    return this.page.evaluate(({ source, at, value }) => new Function(`return (${source})`)()(document.querySelectorAll('[data-figure]')[at], value), { source: String(act), at: this.at, value: given });
  }

  words() {
    return this.inside((figure) => figure.querySelector('[role="status"]').textContent);
  }

  /** Press Tab until the control with this text has the focus; false when it never gets it. */
  async tabTo(words) {
    await this.page.evaluate(() => document.activeElement?.blur());
    for (let pressed = 0; pressed < MOST_TABS; pressed++) {
      await this.page.keyboard.press('Tab');
      const reached = await this.inside((figure, wanted) => {
        const now = document.activeElement;
        return figure.contains(now) && (now.textContent.trim() === wanted || now.getAttribute('data-set') === wanted || now.dataset.setting === wanted);
      }, words);
      if (reached) return true;
    }
    return false;
  }

  async press(words) {
    const reached = await this.tabTo(words);
    if (reached) await this.page.keyboard.press('Enter');
    return reached;
  }

  audit() {
    return this.page.evaluate(`(${auditSlide})(document.querySelectorAll('[data-figure]')[${this.at}].closest('section'))`);
  }

  controls() {
    return this.inside((figure) => [...figure.querySelectorAll('button, select, [data-set][tabindex="0"]')].filter((each) => each.checkVisibility()).map((each) => each.dataset.setting ?? each.dataset.set ?? each.textContent.trim()));
  }

  enabledStep() {
    return this.inside((figure) => [...figure.querySelectorAll('.steps button')].find((each) => each.getAttribute('aria-disabled') !== 'true')?.textContent.trim());
  }
}

const drive = async (browser, { html }, at, kind) => {
  const problems = [];
  const expect = (holds, words) => {
    if (!holds) problems.push(words);
    return holds;
  };
  const tell = (words) => problems.push(words);
  const page = await open(browser, html, { tell });
  const slide = await page.evaluate((index) => [...document.querySelectorAll('svg[data-marpit-svg]')].findIndex((each) => each.contains(document.querySelectorAll('[data-figure]')[index])) + 1, at);
  await turnTo(page, slide);
  const driver = new Driver(page, at);
  const fits = async (when) => {
    for (const found of await driver.audit()) problems.push(`${when}: ${found}`);
  };

  const followLink = async (url, told) => {
    const again = await open(browser, html, { query: new URL(url).search, tell });
    const same = new Driver(again, at);
    const arrived = await again.waitForFunction((hash) => location.hash === hash, `#${slide}`).then(() => true, () => false);
    expect(arrived, 'the link opens another slide');
    // A guess whose question has changed since is no part of the link.
    const state = (words) => words.replace(/^You predicted.*?(?=Step|sizeof|$)/, '');
    expect(state(await same.words()) === state(told), 'the link opens another state');
    await again.context().close();
  };

  // Predict first.
  await fits('before the prediction');
  const locked = await driver.inside((figure) => !figure.querySelector('.steps').checkVisibility() || figure.querySelector('.steps').children.length === 0);
  const opened = await driver.inside((figure) => /[?&]?run=|byte=/.test(figure.dataset.opens));
  if (!opened) {
    expect(locked, 'steps can be taken before a prediction');
    const choice = await driver.inside((figure) => figure.querySelector('.predict button').textContent.trim());
    if (!expect(await driver.press(choice), `the prediction "${choice}" cannot be reached with Tab`)) return problems;
  }

  // Every control by Tab.
  for (const words of await driver.controls()) expect(await driver.tabTo(words), `"${words}" cannot be reached with Tab`);
  await fits('after the prediction');

  // A step changes the words; Back undoes it; the address keeps it.
  const before = await driver.words();
  const step = await driver.enabledStep();
  if (expect(step !== undefined, 'no step can be taken')) {
    await driver.press(step);
    const after = await driver.words();
    expect(after !== before, `"${step}" changes no word`);
    if (expect(page.url().includes(`figure=${kind}`), 'the address does not keep the state')) await followLink(page.url(), after);
    await fits(`after "${step}"`);
    await driver.press('Back');
    expect((await driver.words()) === before, 'Back does not lead back');
    await driver.press('Forward');
    expect((await driver.words()) === after, 'Forward does not lead on');
  }

  // A long way: whatever can be done, up to a fault or thirty steps; then the words are longest.
  for (let taken = 0; taken < 30; taken++) {
    const next = await driver.enabledStep();
    if (next === undefined) break;
    const index = await driver.inside((figure, turn) => {
      const enabled = [...figure.querySelectorAll('.steps button')].filter((each) => each.getAttribute('aria-disabled') !== 'true');
      enabled[turn % enabled.length].click();
      return enabled.length;
    }, taken);
    if (index === 0) break;
    if (taken % 6 === 5) await fits(`after ${taken + 2} steps`);
  }
  await fits('far on');

  // Search, where there is one: it either finds a run and shows it, or says that there is none.
  const search = await driver.inside((figure) => [...figure.querySelectorAll('.history button')].map((each) => each.textContent).find((words) => words.startsWith('Search')));
  if (search !== undefined) {
    await driver.press(search);
    const told = await driver.words();
    expect(/states looked at/.test(told), 'the search says nothing');
    await fits('after the search');
    if (/Shortest/.test(told)) {
      for (let walked = 0; walked < 40 && (await driver.inside((figure) => figure.querySelector('.history button:nth-child(2)').getAttribute('aria-disabled'))) === 'false'; walked++) await driver.inside((figure) => figure.querySelector('.history button:nth-child(2)').click());
      expect(/Wrong|standstill/.test(await driver.words()), 'the run that was found does not end in its fault');
      await fits('at the fault');
    }
  }

  // Cells of the picture: arrows move among them and turn no slide.
  const cell = await driver.inside((figure) => figure.querySelector('[data-set][tabindex="0"]')?.dataset.set);
  if (cell !== undefined) {
    await driver.tabTo(cell);
    await page.keyboard.press('ArrowRight');
    const [, number] = /=(\d+)$/.exec(cell);
    expect((await driver.words()).includes(`Byte ${Number(number) + 1} `), 'an arrow does not choose the next byte');
    expect((await page.evaluate(() => location.hash)) === `#${slide}`, 'an arrow in the picture turns the slide');
  }

  // Reset asks again, and the focus stays inside.
  await driver.press('Reset');
  expect(await driver.inside((figure) => figure.querySelector('.predict').checkVisibility()), 'Reset does not ask for a prediction');
  expect(await driver.inside((figure) => figure.contains(document.activeElement)), 'Reset loses the focus');

  // Settings by keyboard.
  for (const setting of await driver.inside((figure) => [...figure.querySelectorAll('select')].map((each) => each.dataset.setting))) {
    await driver.tabTo(setting);
    const old = await driver.inside((figure, wanted) => figure.querySelector(`[data-setting=${wanted}]`).value, setting);
    const last = await driver.inside((figure, wanted) => figure.querySelector(`[data-setting=${wanted}]`).selectedIndex > 0, setting);
    await page.keyboard.press(last ? 'ArrowUp' : 'ArrowDown');
    expect((await driver.inside((figure, wanted) => figure.querySelector(`[data-setting=${wanted}]`).value, setting)) !== old, `the setting ${setting} does not change with the keyboard`);
    await fits(`with another ${setting}`);
  }

  // A button that has the focus lets the arrows turn slides.
  await driver.tabTo('Just show me');
  await page.keyboard.press(slide > 1 ? 'ArrowLeft' : 'ArrowRight');
  expect((await page.evaluate(() => location.hash)) !== `#${slide}`, 'an arrow on a button does not turn the slide');

  expect((await driver.inside((figure) => figure.querySelector('[role="status"]').getAttribute('aria-live'))) === 'polite', 'there is no live region');
  await page.context().close();

  const still = await open(browser, html, { tell, slide, reducedMotion: 'reduce' });
  const quiet = new Driver(still, at);
  expect(await quiet.inside((figure) => getComputedStyle(figure.querySelector('.play')).display === 'none'), 'Play is offered to readers who want no motion');
  await still.emulateMedia({ media: 'print' });
  expect(await quiet.inside((figure) => figure.querySelector('.film').checkVisibility() && !figure.querySelector('.controls').checkVisibility()), 'in print there is no film strip, or the controls are');
  await still.context().close();
  return problems;
};

export const title = 'figures';
export const builds = ['html'];

/** All figures of one deck. */
export const driveAll = async (browser, deck) => {
  const page = await open(browser, deck.html);
  const kinds = await page.evaluate(() => [...document.querySelectorAll('[data-figure]')].map((each) => each.dataset.figure));
  await page.context().close();
  const results = [];
  for (const [at, kind] of kinds.entries()) {
    const problems = await drive(browser, deck, at, kind);
    results.push({ what: `${deck.name} figure ${at + 1}, ${kind}`, problems: [...new Set(problems)] });
  }
  return results;
};

export const run = async ({ decks }) => {
  const browser = await launch();
  try {
    const results = [];
    for (const deck of decks) results.push(...(await driveAll(browser, deck)));
    return results;
  } finally {
    await browser.close();
  }
};
