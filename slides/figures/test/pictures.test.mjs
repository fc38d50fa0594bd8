// What the figures look like: every state can be drawn, every film strip fits and reads, colours have contrast.
import test from 'node:test';
import assert from 'node:assert/strict';
import { filmFrames, replay, settingsFrom } from '../core.js';
import { filmSvg } from '../film.js';
import { models } from '../models.js';
import * as palette from '../palette.js';
import { pictures } from '../pictures.js';

/** Every combination of a model's choices, with numbers as they are at first. */
const choices = (model) =>
  model.settings
    .filter((setting) => setting.kind === 'choice')
    .reduce((all, { name, values }) => all.flatMap((wanted) => values.map(({ value }) => ({ ...wanted, [name]: value }))), [{}])
    .map((wanted) => settingsFrom(model, wanted));

const luminance = (colour) => {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
export const contrast = (one, other) => {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};

test('palette: every colour of text reads on every fill (WCAG AA, 4.5 to 1)', () => {
  const { INK, QUIET, WRONG, FILLS, PAPER, PANEL, WRONG_FILL, RIGHT_FILL } = palette;
  for (const fill of [...FILLS, PAPER, PANEL, WRONG_FILL, RIGHT_FILL])
    for (const ink of [INK, QUIET]) assert.ok(contrast(ink, fill) >= 4.5, `${ink} on ${fill}: ${contrast(ink, fill).toFixed(2)}`);
  assert.ok(contrast(INK, palette.HOLE) >= 4.5);
  for (const fill of [PAPER, WRONG_FILL]) assert.ok(contrast(WRONG, fill) >= 4.5);
  assert.ok(contrast('#767676', '#ffffff') > 4.5 && contrast('#777777', '#ffffff') < 4.5, 'the formula itself');
});

for (const model of Object.values(models))
  test(`${model.name}: every film strip fits, says something in each frame, and reads at 12 pixels or more`, () => {
    for (const settings of choices(model)) {
      const frames = filmFrames(model, settings, model.film(settings));
      assert.ok(frames.length >= 3 && frames.length <= 6, `${frames.length} frames`);
      assert.ok(frames.every(({ words }) => words.length > 5));
      const svg = filmSvg(model.name, settings);
      const scale = Number(/scale\(([\d.]+)\)/.exec(svg)[1]);
      const [, drawn, said] = [0, ...['<g transform', '</g>'].map((part) => svg.split(part).length - 1)];
      assert.ok(drawn > 0 && said > 0);
      const inside = [...svg.matchAll(/<g transform[\s\S]*?font-size="(\d+)"/g)].map(([, size]) => Number(size) * scale);
      assert.ok(Math.min(...inside) >= 12, `text of ${Math.min(...inside)} pixels`);
      const height = Number(/viewBox="0 0 \d+ (\d+)"/.exec(svg)[1]);
      assert.ok(height <= 500, `${height} pixels high`);
      assert.match(svg, /role="img" aria-label="[^"]{40,}"/);
    }
  });

test('handshake: the film of a wrong program ends in its fault', () => {
  for (const program of ['plain', 'flag-first', 'half']) {
    const settings = settingsFrom(models.handshake, { program });
    const { state } = filmFrames(models.handshake, settings, models.handshake.film(settings)).at(-1);
    assert.notEqual(models.handshake.fault(state, settings), '');
  }
});

test('a film that is too long, or takes a step that cannot be taken, is refused', () => {
  const settings = settingsFrom(models.handshake, {});
  assert.throws(() => filmSvg('handshake', settings, 'w|w|v|f|r|r'), /more than 6/);
  assert.throws(() => filmSvg('handshake', settings, 'r'), /cannot be taken/);
});

test('text in pictures is escaped', () => {
  for (const model of Object.values(models)) {
    const settings = settingsFrom(model, {});
    const { body } = pictures[model.name](replay(model, settings, [])[0], settings);
    assert.doesNotMatch(body, /&(?!amp;|lt;|gt;|quot;)/);
    assert.doesNotMatch(body, /undefined|NaN/);
  }
});
