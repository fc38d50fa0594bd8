// Code, tables and transcripts on slides say what their sources say.
import { refresh } from '../snippets.mjs';

export const title = 'snippets';

export const run = ({ decks }) =>
  decks.map(({ name, text, folder }) => ({
    what: name,
    problems: refresh(text, folder).problems.map(({ line, what }) => `${line}: ${what}`),
  }));
