// ```figure name=handshake program=flag-first run=wr  and the task inside: an interactive figure. The page holds its film
// strip, which the script puts aside on the screen; it is what paper and readers without scripts get.
import { escape } from './markup.mjs';
import { linkText, replay, runLetters, settingsFrom } from '../figures/core.js';
import { filmSvg } from '../figures/film.js';
import { models } from '../figures/models.js';

export const figureHtml = ({ language, name, run = '', film, ...wanted }, caption) => {
  const model = models[name];
  if (model === undefined) throw new Error(`figure ${name}: there is none (there are ${Object.keys(models).join(', ')})`);
  if (caption === '') throw new Error(`figure ${name}: it needs a task inside the fence, what to try`);
  const settings = settingsFrom(model, wanted);
  const letters = runLetters(run);
  replay(model, settings, letters); // throws on a run that the model does not allow
  return (
    `<figure class="figure" data-figure="${name}" data-opens="${escape(linkText(model, settings, letters, null))}">` +
    `<figcaption>${caption}</figcaption>${filmSvg(name, settings, film)}</figure>`
  );
};
