/*
 * A deck's page: its figures, the links into them, keys, and code that is walked through.
 */
import { models } from './models.js';
import { Figure, keepKeys } from './view.js';

const TURN_KEYS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End'];

const ownNames = () => new Set(['figure', 'guess', 'run', ...Object.values(models).flatMap((model) => model.settings.map((each) => each.name))]);

// The slide's number is in the hash and belongs to Marp; the figure's state goes into the query. The small views of the
// presenter's window keep their hands off.
function rememberLink(words) {
  const query = new URLSearchParams(location.search);
  if (['next', 'overview'].includes(query.get('view'))) return;
  for (const name of ownNames()) query.delete(name);
  for (const [name, value] of words) query.set(name, value);
  try {
    history.replaceState(history.state, '', `?${query.toString().replace(/%2C/g, ',')}${location.hash}`);
  } catch {
    // a page inside a sandbox has no address to change
  }
}

function openLink(figures) {
  const query = new URLSearchParams(location.search);
  const figure = figures.find((each) => each.id === query.get('figure'));
  if (figure === undefined) return;
  try {
    figure.open(query);
  } catch {
    return; // a link from another edition of the deck: the figure is as the deck has it
  }
  const slides = [...document.querySelectorAll('svg[data-marpit-svg]')];
  const number = slides.findIndex((slide) => slide.contains(figure.box)) + 1;
  if (number > 0 && location.hash === '') location.hash = `#${number}`;
}

// A button that has the focus would keep the keys that turn slides.
function passTurnKeys(event) {
  const button = event.target.closest?.('.figure button');
  if (!button || !TURN_KEYS.includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  button.blur();
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: event.key, bubbles: true, cancelable: true }));
}

const lineNumbers = (words) =>
  new Set(
    words.split(',').flatMap((part) => {
      const [first, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    }),
  );

// Marp shows one fragment after the other; the lines that belong to the last one shown are highlighted.
function walkThrough(code) {
  const steps = code.dataset.steps.split('|').map(lineNumbers);
  const marks = [...code.parentElement.querySelectorAll('.step-mark')];
  const update = () => {
    const at = marks.filter((each) => each.getAttribute('data-bespoke-marp-fragment') === 'active').length;
    for (const line of code.querySelectorAll('.line')) line.classList.toggle('hot', steps[at].has(Number(line.dataset.line)));
  };
  for (const mark of marks) new MutationObserver(update).observe(mark, { attributes: true });
  update();
}

const seen = {};
const figures = [...document.querySelectorAll('[data-figure]')].map((box) => {
  const name = box.dataset.figure;
  seen[name] = (seen[name] ?? 0) + 1;
  box.addEventListener('keydown', keepKeys);
  return new Figure(box, seen[name] === 1 ? name : `${name}.${seen[name]}`, rememberLink);
});
document.addEventListener('keydown', passTurnKeys, true);
document.querySelectorAll('code[data-steps]').forEach(walkThrough);
openLink(figures);
