// Every figure of every deck, driven by the keyboard alone as a reader would: predict, step, back, reset, search, link.
import { launch, open, turnTo, visit } from './browser.mjs';
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

  /** Press Tab until it has led round the page, wherever it began: the names of the controls that got the focus. */
  async tabRound() {
    const seen = new Set();
    let left = false;
    await this.page.evaluate(() => document.activeElement?.blur());
    for (let pressed = 0; pressed < MOST_TABS; pressed++) {
      await this.page.keyboard.press('Tab');
      const name = await this.inside((figure) => {
        const now = document.activeElement;
        return figure.contains(now) ? (now.dataset.setting ?? now.getAttribute('data-set') ?? now.textContent.trim()) : null;
      });
      if (name === null) left ||= seen.size > 0;
      else if (left && seen.has(name)) break;
      else seen.add(name);
    }
    return seen;
  }

  enabledStep() {
    return this.inside((figure) => [...figure.querySelectorAll('.steps button')].find((each) => each.getAttribute('aria-disabled') !== 'true')?.textContent.trim());
  }
}

/** The search for a fault has found it: see `until`. */
class Enough extends Error {}

// What is wrong with one figure, a sentence each; `until`: once this was found, the rest is not looked at.
class Drive {
  constructor(page, { html }, at, kind, until) {
    Object.assign(this, { page, html, at, kind, until, problems: [], driver: new Driver(page, at) });
  }

  expect(holds, words) {
    if (holds) return true;
    this.problems.push(words);
    if (this.until?.test(words)) throw new Enough();
    return false;
  }

  async fits(when) {
    for (const found of await this.driver.audit()) this.expect(false, `${when}: ${found}`);
  }

  async run() {
    const slide = await this.page.evaluate((index) => [...document.querySelectorAll('svg[data-marpit-svg]')].findIndex((each) => each.contains(document.querySelectorAll('[data-figure]')[index])) + 1, this.at);
    try {
      await this.standsStill(slide);
      await visit(this.page, this.html, { slide });
      await this.asks(slide);
      const link = await this.steps();
      await this.goesFar();
      await this.searches();
      await this.cells(slide);
      await this.resets();
      await this.settings();
      if (link !== null) await this.followLink(link, slide);
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    return this.problems;
  }

  // For readers who want no motion, and on paper.
  async standsStill(slide) {
    const { page, driver } = this;
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await visit(page, this.html, { slide });
    this.expect((await driver.inside((figure) => figure.querySelector('[role="status"]').getAttribute('aria-live'))) === 'polite', 'there is no live region');
    this.expect(await driver.inside((figure) => getComputedStyle(figure.querySelector('.play')).display === 'none'), 'Play is offered to readers who want no motion');
    await page.emulateMedia({ media: 'print' });
    this.expect(await driver.inside((figure) => figure.querySelector('.film').checkVisibility() && !figure.querySelector('.controls').checkVisibility()), 'in print there is no film strip, or the controls are');
    await page.emulateMedia({ media: null, reducedMotion: null });
  }

  // Predict first. A button that has the focus lets the arrows turn slides.
  async asks(slide) {
    const { page, driver } = this;
    await this.fits('before the prediction');
    const opened = await driver.inside((figure) => /[?&]?run=|byte=/.test(figure.dataset.opens));
    if (!opened) {
      const locked = await driver.inside((figure) => !figure.querySelector('.steps').checkVisibility() || figure.querySelector('.steps').children.length === 0);
      this.expect(locked, 'steps can be taken before a prediction');
      if (this.expect(await driver.tabTo('Just show me'), '"Just show me" cannot be reached with Tab')) {
        await page.keyboard.press(slide > 1 ? 'ArrowLeft' : 'ArrowRight');
        this.expect((await page.evaluate(() => location.hash)) !== `#${slide}`, 'an arrow on a button does not turn the slide');
        await turnTo(page, slide);
      }
      const choice = await driver.inside((figure) => figure.querySelector('.predict button').textContent.trim());
      this.expect(await driver.press(choice), `the prediction "${choice}" cannot be reached with Tab`);
    }
    const reached = await driver.tabRound();
    for (const words of await driver.controls()) this.expect(reached.has(words), `"${words}" cannot be reached with Tab`);
    await this.fits('after the prediction');
  }

  // A step changes the words; Back undoes it. Returns the link to the state after it, { url, told }, or null.
  async steps() {
    const { page, driver } = this;
    const before = await driver.words();
    const step = await driver.enabledStep();
    if (!this.expect(step !== undefined, 'no step can be taken')) return null;
    await driver.press(step);
    const after = await driver.words();
    this.expect(after !== before, `"${step}" changes no word`);
    const kept = this.expect(page.url().includes(`figure=${this.kind}`), 'the address does not keep the state');
    const link = kept ? { url: page.url(), told: after } : null;
    await this.fits(`after "${step}"`);
    await driver.press('Back');
    this.expect((await driver.words()) === before, 'Back does not lead back');
    await driver.press('Forward');
    this.expect((await driver.words()) === after, 'Forward does not lead on');
    return link;
  }

  // The address of a state leads to it.
  async followLink({ url, told }, slide) {
    await visit(this.page, this.html, { query: new URL(url).search });
    const arrived = await this.page.waitForFunction((hash) => location.hash === hash, `#${slide}`).then(() => true, () => false);
    this.expect(arrived, 'the link opens another slide');
    // A guess whose question has changed since is no part of the link.
    const state = (words) => words.replace(/^You predicted.*?(?=Step|sizeof|$)/, '');
    this.expect(state(await this.driver.words()) === state(told), 'the link opens another state');
  }

  // A long way: whatever can be done, up to a fault or thirty steps; then the words are longest.
  async goesFar() {
    const { driver } = this;
    for (let taken = 0; taken < 30; taken++) {
      const many = await driver.inside((figure, turn) => {
        const enabled = [...figure.querySelectorAll('.steps button')].filter((each) => each.getAttribute('aria-disabled') !== 'true');
        enabled[turn % enabled.length]?.click();
        return enabled.length;
      }, taken);
      if (many === 0) break;
      if (taken % 6 === 5) await this.fits(`after ${taken + 2} steps`);
    }
    await this.fits('far on');
  }

  // Search, where there is one: it either finds a run and shows it, or says that there is none.
  async searches() {
    const { driver } = this;
    const search = await driver.inside((figure) => [...figure.querySelectorAll('.history button')].map((each) => each.textContent).find((words) => words.startsWith('Search')));
    if (search === undefined) return;
    await driver.press(search);
    const told = await driver.words();
    this.expect(/states looked at/.test(told), 'the search says nothing');
    await this.fits('after the search');
    if (!/Shortest/.test(told)) return;
    for (let walked = 0; walked < 40 && (await driver.inside((figure) => figure.querySelector('.history button:nth-child(2)').getAttribute('aria-disabled'))) === 'false'; walked++) await driver.inside((figure) => figure.querySelector('.history button:nth-child(2)').click());
    this.expect(/Wrong|standstill/.test(await driver.words()), 'the run that was found does not end in its fault');
    await this.fits('at the fault');
  }

  // Cells of the picture: arrows move among them and turn no slide.
  async cells(slide) {
    const { page, driver } = this;
    const cell = await driver.inside((figure) => figure.querySelector('[data-set][tabindex="0"]')?.dataset.set);
    if (cell === undefined) return;
    await driver.tabTo(cell);
    await page.keyboard.press('ArrowRight');
    const [, number] = /=(\d+)$/.exec(cell);
    this.expect((await driver.words()).includes(`Byte ${Number(number) + 1} `), 'an arrow does not choose the next byte');
    this.expect((await page.evaluate(() => location.hash)) === `#${slide}`, 'an arrow in the picture turns the slide');
  }

  // Reset asks again, and the focus stays inside.
  async resets() {
    const { driver } = this;
    await driver.press('Reset');
    this.expect(await driver.inside((figure) => figure.querySelector('.predict').checkVisibility()), 'Reset does not ask for a prediction');
    this.expect(await driver.inside((figure) => figure.contains(document.activeElement)), 'Reset loses the focus');
  }

  // Settings by keyboard.
  async settings() {
    const { page, driver } = this;
    for (const setting of await driver.inside((figure) => [...figure.querySelectorAll('select')].map((each) => each.dataset.setting))) {
      await driver.tabTo(setting);
      const value = (figure, wanted) => figure.querySelector(`[data-setting=${wanted}]`).value;
      const old = await driver.inside(value, setting);
      const last = await driver.inside((figure, wanted) => figure.querySelector(`[data-setting=${wanted}]`).selectedIndex > 0, setting);
      await page.keyboard.press(last ? 'ArrowUp' : 'ArrowDown');
      this.expect((await driver.inside(value, setting)) !== old, `the setting ${setting} does not change with the keyboard`);
      await this.fits(`with another ${setting}`);
    }
  }
}

export const title = 'figures';
export const builds = ['html'];

/** All figures of one deck; `until`, a pattern: the rest of a figure is not looked at once a problem is that. */
export const driveAll = async (browser, deck, until) => {
  const told = [];
  const page = await open(browser, deck.html, { tell: (words) => told.push(words) });
  const kinds = await page.evaluate(() => [...document.querySelectorAll('[data-figure]')].map((each) => each.dataset.figure));
  const results = [];
  for (const [at, kind] of kinds.entries()) {
    const problems = await new Drive(page, deck, at, kind, until).run();
    results.push({ what: `${deck.name} figure ${at + 1}, ${kind}`, problems: [...new Set([...told.splice(0), ...problems])] });
  }
  await page.context().close();
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
