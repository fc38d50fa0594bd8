// ![what it shows](../docs/img/name.svg): the picture becomes part of the page. Left as a link, Marp's PDF loses it without a word.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { escape } from './markup.mjs';

const MEDIA_TYPES = { '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg' };
const DECKS = fileURLToPath(new URL('..', import.meta.url)); // pictures are named as seen from there

// Two pictures on one page may use the same ids: a prefix keeps them apart.
const svgInline = (text, alt, prefix) => {
  const inside = text
    .replace(/<\?xml[^>]*>|<!DOCTYPE[^>]*>/g, '')
    .replace(/\n\s*/g, ' ')
    .replace(/\bid="([\w-]+)"/g, `id="${prefix}-$1"`)
    .replace(/url\(#([\w-]+)\)/g, `url(#${prefix}-$1)`)
    .replace(/href="#([\w-]+)"/g, `href="#${prefix}-$1"`)
    .replace(/ (role|aria-labelledby|aria-label)="[^"]*"/g, '')
    .replace(/<(title|desc)\b[^>]*>.*?<\/\1>/g, ''); // the alt text stands for them
  return inside.replace('<svg ', `<svg class="picture" role="img" aria-label="${escape(alt)}" `);
};

const pictureHtml = (source, alt, prefix) => {
  if (/^[a-z]+:/i.test(source)) throw new Error(`picture ${source}: only files of this repository may be shown`);
  if (alt.trim() === '') throw new Error(`picture ${source}: it needs an alt text, ![what it shows](${source})`);
  const file = path.resolve(DECKS, decodeURI(source));
  const kind = path.extname(file).toLowerCase();
  if (kind === '.svg') return svgInline(fs.readFileSync(file, 'utf8'), alt, prefix);
  if (!(kind in MEDIA_TYPES)) throw new Error(`picture ${source}: only .svg, .png and .jpg are supported`);
  const data = fs.readFileSync(file).toString('base64');
  return `<img class="picture" alt="${escape(alt)}" src="data:${MEDIA_TYPES[kind]};base64,${data}">`;
};

export const pictures = (md) => {
  let count = 0;
  md.core.ruler.after('inline', 'shmlab_pictures', (state) => {
    for (const block of state.tokens) {
      if (block.type !== 'inline') continue;
      for (const token of block.children) {
        if (token.type !== 'image') continue;
        count += 1;
        token.meta = { html: pictureHtml(token.attrGet('src'), token.content, `p${count}`) };
        token.type = 'shmlab_picture';
      }
    }
  });
  md.renderer.rules.shmlab_picture = (tokens, at) => tokens[at].meta.html;
};
