// The labs' handouts: each leads to its deck's figure on the page that is played, and what it says about the way there is true.
import fs from 'node:fs';
import path from 'node:path';
import { fencesOf, ROOT, SLIDES } from '../decks.mjs';
import { goals } from '../../figures/goals.js';
import { linkRead, replay } from '../../figures/core.js';
import { models } from '../../figures/models.js';
import { linkProblems } from './text.mjs';

// docs/play.html#handshake&goal=2&run=wf
const DEEP = /\bdocs\/play\.html#([\w-]+)([^\s`)"]*)/g;

const figuresOf = (deck) => fencesOf(fs.readFileSync(deck, 'utf8')).filter(({ info }) => info.language === 'figure').map(({ info }) => info.name);

const deepProblem = (figure, query) => {
  const model = models[figure];
  if (model === undefined) return `there is no figure ${figure}`;
  const parameters = new URLSearchParams(query);
  const known = ['goal', 'run', 'guess', ...model.settings.map((setting) => setting.name)];
  for (const word of parameters.keys()) if (!known.includes(word)) return `figure ${figure}: there is no setting ${word}`;
  const goal = goals[figure].levels[Number(parameters.get('goal') ?? 1) - 1];
  if (goal === undefined) return `figure ${figure}: there is no goal ${parameters.get('goal')}`;
  try {
    const { settings, letters } = linkRead(model, parameters);
    replay(model, settings, letters);
    return '';
  } catch (error) {
    return error.message;
  }
};

/** What is wrong with a handout's way to the page that is played; `figures` are those of the lab's deck. */
export const handoutProblems = ({ file, text, figures }) => {
  const links = [...text.matchAll(DEEP)];
  const problems = links.map(([link, name, query]) => [link, deepProblem(name, query)]).filter(([, problem]) => problem !== '').map(([link, problem]) => `${link}: ${problem}`);
  if (figures.length > 0 && !links.some(([, linked]) => figures.includes(linked))) problems.push(`leads to no figure (${figures.join(', ')})`);
  const outside = text.replace(/^<!-- slides -->\n[\s\S]*?^<!-- slides: end -->$/gm, '');
  if (/\bslides\b/.test(outside)) problems.push('names the slides outside of <!-- slides --> ... <!-- slides: end -->: the archive for a class has none');
  return [...problems, ...linkProblems({ file, folder: path.dirname(file), text })];
};

export const title = 'handouts';

export const run = () => {
  const labs = fs.readdirSync(path.join(ROOT, 'labs')).filter((lab) => fs.existsSync(path.join(ROOT, 'labs', lab, 'README.md')));
  return labs.map((lab) => {
    const file = path.join(ROOT, 'labs', lab, 'README.md');
    const number = /^lab(\d)/.exec(lab)?.[1];
    const deck = fs.readdirSync(SLIDES).find((name) => name.startsWith(`0${number}-`) && name.endsWith('.md'));
    const figures = deck === undefined ? [] : figuresOf(path.join(SLIDES, deck));
    return { what: `labs/${lab}/README.md`, problems: handoutProblems({ file, text: fs.readFileSync(file, 'utf8'), figures }) };
  });
};
