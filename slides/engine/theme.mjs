// The theme with its fonts inside: only so does a slide that fits here fit everywhere, offline too.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

const FACES = [
  ['Source Sans 3', 'normal', 400, '@fontsource/source-sans-3/files/source-sans-3-latin-400-normal.woff2'],
  ['Source Sans 3', 'italic', 400, '@fontsource/source-sans-3/files/source-sans-3-latin-400-italic.woff2'],
  ['Source Sans 3', 'normal', 600, '@fontsource/source-sans-3/files/source-sans-3-latin-600-normal.woff2'],
  ['Source Code Pro', 'normal', 400, '@fontsource/source-code-pro/files/source-code-pro-latin-400-normal.woff2'],
  ['Source Code Pro', 'normal', 600, '@fontsource/source-code-pro/files/source-code-pro-latin-600-normal.woff2'],
];

const face = ([family, style, weight, file]) => {
  const data = fs.readFileSync(require.resolve(file)).toString('base64');
  return `@font-face{font-family:"${family}";font-style:${style};font-weight:${weight};src:url(data:font/woff2;base64,${data}) format("woff2")}`;
};

const file = (name) => fs.readFileSync(new URL(name, import.meta.url), 'utf8');

export const theme = () => [file('../theme.css'), file('../figures/figures.css'), ...FACES.map(face)].join('\n');
