// The figures' modules as one classic script: a page opened from a folder may not load modules, an inline script runs
// everywhere. Each file becomes a function that returns what it exports; the files use named imports and exports only.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FIGURES = fileURLToPath(new URL('../figures', import.meta.url));

const IMPORT = /^import (?:(\{[^}]*\}) from )?'(\.[^']+)';\n/gm;
const EXPORT = /^export (?:async )?(?:const|let|function|class) (\w+)/gm;

const moduleText = (file, done) => {
  if (done.has(file)) return '';
  done.add(file);
  const source = fs.readFileSync(file, 'utf8');
  let before = '';
  const body = source
    .replace(IMPORT, (_all, names, from) => {
      const other = path.resolve(path.dirname(file), from);
      before += moduleText(other, done);
      return names === undefined ? '' : `const ${names.replace(/ as /g, ': ')} = modules[${JSON.stringify(path.relative(FIGURES, other))}];\n`;
    })
    .replace(/^export /gm, '');
  const leftover = /^(import|export)\b.*$/m.exec(body);
  if (leftover) throw new Error(`${file}: "${leftover[0]}" is more than engine/script.mjs understands`);
  const exported = [...source.matchAll(EXPORT)].map(([, name]) => name).join(', ');
  return `${before}modules[${JSON.stringify(path.relative(FIGURES, file))}] = (() => {\n${body}return { ${exported} };\n})();\n`;
};

// Marp's on-screen buttons are over the middle of the page's foot: made smaller, they stay clear of the slide's words.
const PAGE_STYLE = 
  'body[data-bespoke-view] .bespoke-marp-parent > .bespoke-marp-osc{bottom:2px;padding:4px 10px;transform:translateX(-50%) scale(.75);transform-origin:50% 100%}';

/** The script that begins with the module `entry` of figures/, as an element. */
export const scriptOf = (entry) => {
  const text = `(() => {\n'use strict';\nconst modules = {};\n${moduleText(path.join(FIGURES, entry), new Set())}})();\n`;
  if (/<\/script/i.test(text)) throw new Error('the figures\' script must not contain "</script"');
  return `<script>${text}</script>`;
};

let deckScript; // the same for every deck

export const script = () => {
  deckScript ??= scriptOf('deck.js');
  return `<style>${PAGE_STYLE}</style>${deckScript}`;
};
