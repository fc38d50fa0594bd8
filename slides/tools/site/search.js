// The search over headings: `headings` is [[page, anchor, words, page's title]], from headings.js beside this file.
const field = document.querySelector('#search');
const found = document.querySelector('#found');
const root = document.documentElement.dataset.root;
const tree = document.querySelector('nav details');
if (matchMedia('(max-width: 800px)').matches) tree.open = false;
field.addEventListener('input', () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = words.length === 0 ? [] : headings.filter(([, , text, title]) => words.every((word) => `${text} ${title}`.toLowerCase().includes(word))).slice(0, 12);
  found.replaceChildren(...hits.map(([page, anchor, text, title]) => {
    const link = document.createElement('a');
    link.href = `${root}${page}${anchor === '' ? '' : `#${anchor}`}`;
    link.textContent = text === title ? text : `${text} (${title})`;
    const item = document.createElement('li');
    item.append(link);
    return item;
  }));
  document.querySelector('#hits').textContent = words.length === 0 ? '' : hits.length === 0 ? 'No heading has these words.' : `${hits.length} headings`;
});
