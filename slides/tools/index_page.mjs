// The page that lists the decks.
import fs from 'node:fs';
import path from 'node:path';
import { escape } from '../engine/markup.mjs';
import { frontMatter, OUT, SLIDES } from './decks.mjs';

const STYLE = `
body { margin: 0 auto; padding: 3rem 1.5rem; max-width: 46rem; font: 1.125rem/1.5 "Source Sans 3", system-ui, sans-serif; color: #14171c; background: #fff; }
h1 { font-size: 2rem; margin: 0 0 .5rem; }
ol { list-style: none; padding: 0; }
li { border-top: 1px solid #6b7280; padding: 1rem 0; }
h2 { font-size: 1.3rem; margin: 0; }
p { margin: .25rem 0; }
a { color: #0b4f9e; }
kbd { font: inherit; border: 1px solid #6b7280; border-radius: 3px; padding: 0 .3em; }
@media print { a { color: inherit; } }`;

const entry = (name) => {
  const { title = name, description = '' } = frontMatter(fs.readFileSync(path.join(SLIDES, name), 'utf8'));
  const base = name.replace(/\.md$/, '');
  const pdf = fs.existsSync(path.join(OUT, `${base}.pdf`)) ? `<p><a href="${base}.pdf">${escape(title)} as PDF</a></p>` : '';
  return `<li><h2><a href="${base}.html">${escape(title)}</a></h2><p>${escape(description)}</p>${pdf}</li>`;
};

export const indexPage = (names) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shared-memory labs: the slides</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Shared-memory labs: the slides</h1>
<p>In a deck: <kbd>→</kbd> and <kbd>←</kbd> turn slides, <kbd>o</kbd> shows all of them, <kbd>p</kbd> opens the speaker's view with
the notes, <kbd>f</kbd> fills the screen. The figures work with mouse and keyboard alike, and are
<a href="play.html">a page of their own</a>, with goals to reach, for a telephone or a wide window.</p>
<ol>
${names.map(entry).join('\n')}
</ol>
</main>
</body>
</html>
`;
