#!/usr/bin/env node
// docs/play.html: the six figures on a page of their own, for whoever has no slides. It needs no package of npm's to be made and
// nothing at all to be read. `--write` makes it; slides/check play compares.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { escape } from '../engine/markup.mjs';
import { scriptOf } from '../engine/script.mjs';
import { linkText, runLetters, settingsFrom } from '../figures/core.js';
import { goals } from '../figures/goals.js';
import { models } from '../figures/models.js';
import { ROOT, SLIDES } from './decks.mjs';

export const PLAY = path.join(ROOT, 'docs', 'play.html');

const LABS = { layout: 1, lifetime: 2, handshake: 3, semaphores: 4, snapshot: 5, queue: 6 };

const section = ([name, { about, levels: [first] }]) => {
  const model = models[name];
  const opens = linkText(model, settingsFrom(model, first.settings), runLetters(first.run), null);
  return `<section aria-labelledby="title-${name}" hidden>
<h2 id="title-${name}">${escape(model.title)}</h2>
<figure class="figure" data-figure="${name}" data-opens="${escape(opens)}"><figcaption><details><summary>What you see</summary>${escape(about)}</details></figcaption></figure>
</section>`;
};

export const playPage = () => `<!doctype html>
<!-- Made by slides/tools/play_page.mjs from slides/figures: edit those. -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shared memory to play with</title>
<style>
${fs.readFileSync(path.join(SLIDES, 'figures', 'play.css'), 'utf8')}</style>
</head>
<body>
<header>
<h1>Shared memory to play with</h1>
<nav aria-label="Figures"><ul>
${Object.keys(goals).map((name) => `<li><a href="#${name}">${LABS[name]} ${name}</a></li>`).join('\n')}
</ul></nav>
</header>
<main>
<noscript><p>These figures are programs: allow scripts for this page. It asks for nothing from anywhere.</p></noscript>
${Object.entries(goals).map(section).join('\n')}
</main>
${scriptOf('play.js')}
</body>
</html>
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] !== '--write') {
    console.error('usage: play_page.mjs --write');
    process.exitCode = 2;
  } else {
    fs.writeFileSync(PLAY, playPage());
    console.log(`${path.relative(ROOT, PLAY)}: ${fs.statSync(PLAY).size} bytes`);
  }
}
