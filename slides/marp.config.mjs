// Marp's settings for the decks. What a deck may use beyond plain Marp is in engine/; how to write one, in WRITING.md.
import { theme } from './engine/theme.mjs';
import { pictures } from './engine/pictures.mjs';
import { fences } from './engine/fences.mjs';
import { script } from './engine/script.mjs';

export default {
  lang: 'en',
  html: false, // decks stay Markdown; what needs more is a fence
  options: {
    math: false,
    emoji: { unicode: false, shortcode: false }, // would be fetched from a server
  },
  engine: ({ marp }) => {
    marp.themeSet.default = marp.themeSet.add(theme());
    marp.use(pictures).use(fences);

    // Marp strips <script> from Markdown, so the figures' script joins the finished page.
    const render = marp.render.bind(marp);
    marp.render = (markdown, env) => {
      const page = render(markdown, env);
      if (typeof page.html === 'string' && page.html.includes('data-figure=')) page.html += script();
      else if (typeof page.html === 'string' && page.html.includes('data-steps=')) page.html += script();
      return page;
    };
    return marp;
  },
};
