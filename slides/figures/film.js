// A model's run as one picture: what is printed, and what is in the page where scripts do not run.
import { PAPER, QUIET } from './palette.js';
import { filmFrames } from './core.js';
import { models } from './models.js';
import { pictures, WIDTH } from './pictures.js';
import { clean, rect, text } from './svg.js';

const FRAMES = 6;
const SLIDE = { width: 1152, height: 520 }; // room for a strip on a slide: `.film` in figures.css
const COLUMN = 376; // 3 columns and 2 gaps are 1152, the width of a slide's text
const GAP = 12;
const SCALE = (COLUMN - 16) / WIDTH;
const LINE = 20;
const LETTERS = 52; // in a line of a frame's words

const wrapped = (words, letters) => {
  const lines = [''];
  for (const word of words.split(' ')) {
    const last = lines.length - 1;
    if (`${lines[last]} ${word}`.length > letters) lines.push(word);
    else lines[last] = `${lines[last]} ${word}`.trim();
  }
  return lines;
};

// The columns in which a strip is largest on a slide, and its scale then: it grows until it is as wide or as high as the room.
const largest = (count, frameHeight) => {
  const scale = (columns) => Math.min(SLIDE.width / (columns * (COLUMN + GAP) - GAP), SLIDE.height / (Math.ceil(count / columns) * (frameHeight + GAP)));
  const columns = [3, 2, 1].reduce((best, each) => (scale(each) > scale(best) ? each : best));
  return { columns, scale: scale(columns) };
};

const drawFrames = (name, frames, letters) => {
  const drawn = frames.map(({ state, settings, words, at }) => ({ ...pictures[name](state, settings), lines: wrapped(`${at}. ${words}`, letters) }));
  const most = Math.max(...drawn.map(({ lines }) => lines.length));
  return { drawn, most, frameHeight: most * LINE + Math.max(...drawn.map(({ height }) => height)) * SCALE + 20 };
};

/**
 * The strip as SVG text, in `columns` or in as many as make it largest on a slide. There the beginning, which the words of the
 * next frame follow from, is left out where the others become larger without it. Throws when the run has too many frames.
 */
export function filmSvg(name, settings, film = models[name].film(settings), { columns: wanted, letters = LETTERS } = {}) {
  const model = models[name];
  const all = filmFrames(model, settings, film).map((frame, at) => ({ ...frame, at }));
  if (all.length > FRAMES) throw new RangeError(`figure ${name}: the film "${film}" has ${all.length} frames, more than ${FRAMES}`);
  const whole = drawFrames(name, all, letters);
  const rest = wanted || model.filmSettings || all.length < 3 ? whole : drawFrames(name, all.slice(1), letters);
  const larger = largest(rest.drawn.length, rest.frameHeight).scale > largest(all.length, whole.frameHeight).scale;
  const frames = larger ? all.slice(1) : all;
  const { drawn, most, frameHeight } = larger ? rest : whole;
  const columns = wanted ?? largest(drawn.length, frameHeight).columns;
  const parts = drawn.map(({ body, lines }, at) => {
    const x = (at % columns) * (COLUMN + GAP);
    const y = Math.floor(at / columns) * (frameHeight + GAP);
    const said = lines.map((words, row) => text(x + 8, y + 20 + row * LINE, words, { anchor: 'start', size: 16 })).join('');
    return rect(x + 1, y + 1, COLUMN - 2, frameHeight - 2, PAPER, { stroke: QUIET, 'stroke-width': 1 }) + said + `<g transform="translate(${x + 8} ${(y + most * LINE + 12).toFixed(1)}) scale(${SCALE.toFixed(4)})">${body}</g>`;
  });
  const height = Math.ceil(frames.length / columns) * (frameHeight + GAP);
  const width = columns * (COLUMN + GAP) - GAP;
  const told = frames.map(({ words, at }) => `${at}. ${words}`).join(' ');
  const inert = parts.join('').replace(/ (data-set|data-key|data-from|role|aria-label|aria-pressed)="[^"]*"/g, '');
  return `<svg class="film" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${Math.ceil(height)}" role="img" aria-label="${clean(`${model.title}. ${told}`)}">${inert}</svg>`;
}
