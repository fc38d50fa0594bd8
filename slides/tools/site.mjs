#!/usr/bin/env node
// All pages of the project as one site that needs no network: `make site` (slides/build has fetched the packages that it uses).
import fs from 'node:fs';
import path from 'node:path';
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import MarkdownIt from 'markdown-it';
import { escape } from '../engine/markup.mjs';
import { slug } from './checks/text.mjs';
import { deckFiles, frontMatter, OUT, ROOT, SLIDES } from './decks.mjs';
import { playPage } from './play_page.mjs';
import { scratchFolder } from './scratch.mjs';

const USAGE = `usage: site.mjs [--students] FOLDER
Write the pages, decks (as slides/build has made them), figures and a gallery of mistakes into FOLDER.
  --students   only what a class may see: no solutions, no answers, no slides
Status: 0 done, 1 failed, 2 wrong usage.`;

const ASSETS = fileURLToPath(new URL('site', import.meta.url));
const NO_PAGE = /^(slides\/(tools|tables)\/|slides\/\d\d-|\.github\/|docs\/handout\.md)/;
const LARGEST = 2 * 1024 * 1024; // bytes of a file that goes along

// Where a page is in the tree on the left, first match; the last column: not for students.
const GROUPS = [
  ['Begin', /^(README\.md|docs\/(machines|when-it-goes-wrong|glossary|wire-formats|checklist|style)\.md)$/, false],
  ['Labs', /^labs\//, false],
  ['weave', /^tools\/weave\//, false],
  ['For instructors', /^(docs\/instructors\/|tools\/grader\/|slides\/README)/, true],
  ['The project', /./, true],
];
const groupOf = (name) => GROUPS.find(([, pattern]) => pattern.test(name));

// Programs of tests/weave/programs/wrong whose failure weave can show by itself.
const GALLERY = ['flag_before_payload', 'relaxed_flag', 'counter_without_lock', 'queue_swapped_waits', 'queue_two_producers_no_lock', 'locks_abba', 'ring_released_early', 'sequence_lock_plain'];

const tracked = () => execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 }).split('\0').filter((name) => name !== '' && fs.existsSync(path.join(ROOT, name)));

const htmlName = (name) => (name === 'README.md' ? 'index.html' : name.replace(/\bREADME\.md$/, 'index.html').replace(/\.md$/, '.html'));

/* --- one edition --- */

class Site {
  constructor(folder, students) {
    this.folder = folder;
    this.students = students;
    this.files = new Set(tracked());
    this.pages = [...this.files].filter((name) => name.endsWith('.md') && !NO_PAGE.test(name) && !(students && groupOf(name)[2]));
    this.titles = new Map();
    this.headings = [];
    this.extra = new Map(); // sources and folders that a page leads to: path -> kind
    this.copies = new Set();
    this.gallery = [];
  }

  text(name) {
    const file = this.students && name === 'README.md' ? 'docs/handout.md' : name;
    const text = fs.readFileSync(path.join(ROOT, file), 'utf8');
    if (!this.students) return text;
    const bare = text.replace(/^<!-- slides -->\n[\s\S]*?^<!-- slides: end -->\n/gm, '');
    return file === 'docs/handout.md' ? bare.replace(/\]\((?=[\w-]+\.(?:md|html))/g, '](docs/') : bare;
  }

  write(name, text) {
    const file = path.join(this.folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }

  /** Where a link of page `from` leads on the site, or null when its words have to do. */
  target(from, link) {
    if (/^[a-z]+:|^#/i.test(link)) return link;
    const [where, anchor] = link.split('#');
    const hash = anchor === undefined ? '' : `#${anchor}`;
    const name = path.posix.normalize(path.posix.join(path.posix.dirname(from), decodeURI(where))).replace(/\/$/, '');
    const to = (page) => path.posix.relative(path.posix.dirname(htmlName(from)), page) + hash;
    const deck = /^slides\/(\d\d-[\w-]+)\.md$/.exec(name);
    if (deck) return this.decks.includes(`${deck[1]}.html`) ? path.posix.relative(path.posix.dirname(htmlName(from)), `slides/${deck[1]}.html`) : null;
    if (name === 'docs/play.html') return to('docs/play.html');
    if (name === '.') return to('index.html');
    if (this.pages.includes(name)) return to(htmlName(name));
    if (this.pages.includes(`${name}/README.md`)) return to(`${name}/index.html`);
    if (this.students && /^(solutions|slides|tests\/(?!checks|harness)|tools\/grader|docs\/instructors)/.test(name)) return null;
    if (/\.(svg|png|gif|jpg)$/.test(name) && this.files.has(name)) {
      this.copies.add(name);
      return to(name);
    }
    if (name.endsWith('.md')) return null; // a page of the other edition
    if (this.files.has(name)) {
      this.extra.set(name, 'source');
      return to(`${name}.html`);
    }
    if ([...this.files].some((file) => file.startsWith(`${name}/`))) {
      this.extra.set(name, 'folder');
      return to(`${name}/index.html`);
    }
    return null;
  }

  markdown(from) {
    const md = new MarkdownIt({ html: true, linkify: false });
    const used = new Set();
    const title = this.titles.get(from);
    const inside = { link: md.renderer.rules.link_open, image: md.renderer.rules.image };
    md.renderer.rules.heading_open = (tokens, at, options, env, self) => {
      const words = tokens[at + 1].content.replace(/[`*_]|\]\([^)]*\)|\[/g, '');
      let id = slug(tokens[at + 1].content);
      for (let again = 1; used.has(id); again++) id = `${slug(tokens[at + 1].content)}-${again}`;
      used.add(id);
      tokens[at].attrSet('id', id);
      this.headings.push([htmlName(from), tokens[at].tag === 'h1' ? '' : id, words, title]);
      return self.renderToken(tokens, at, options);
    };
    md.renderer.rules.link_open = (tokens, at, options, env, self) => {
      const to = this.target(from, tokens[at].attrGet('href'));
      if (to === null) {
        const close = tokens.slice(at).find((each) => each.type === 'link_close');
        tokens[at].tag = close.tag = 'span';
        tokens[at].attrs = [];
      } else tokens[at].attrSet('href', to);
      return (inside.link ?? ((...given) => self.renderToken(...given)))(tokens, at, options, env, self);
    };
    md.renderer.rules.image = (tokens, at, options, env, self) => {
      const to = this.target(from, tokens[at].attrGet('src'));
      if (to === null) throw new Error(`${from}: there is no picture ${tokens[at].attrGet('src')}`);
      tokens[at].attrSet('src', to);
      return inside.image(tokens, at, options, env, self);
    };
    md.renderer.rules.table_open = () => '<div class="wide" tabindex="0" role="region" aria-label="Table"><table>';
    md.renderer.rules.table_close = () => '</table></div>';
    for (const rule of ['fence', 'code_block']) md.renderer.rules[rule] = (tokens, at) => `<pre tabindex="0"><code>${escape(tokens[at].content)}</code></pre>\n`;
    return md;
  }

  tree(current) {
    const link = (page, words) => `<li><a href="${path.posix.relative(path.posix.dirname(current), page)}"${page === current ? ' aria-current="page"' : ''}>${escape(words)}</a></li>`;
    const groups = GROUPS.map(([name, , secret]) => [name, secret ? this.students : false, this.pages.filter((page) => groupOf(page)[0] === name)]);
    const lists = groups.filter(([, hidden, pages]) => !hidden && pages.length > 0).map(([name, , pages]) => `<h2>${name}</h2><ul>${pages.map((page) => link(htmlName(page), this.titles.get(page))).join('')}${name === 'Begin' ? link('docs/play.html', 'Figures to play with') + (this.gallery.length > 0 ? link('gallery/index.html', 'A gallery of mistakes') : '') : ''}</ul>`);
    if (this.decks.length > 0) lists.splice(2, 0, `<h2>Slides</h2><ul>${this.decks.map((deck) => link(`slides/${deck}`, frontMatter(fs.readFileSync(path.join(SLIDES, deck.replace('.html', '.md')), 'utf8')).title)).join('')}</ul>`);
    return lists.join('\n');
  }

  page(name, title, body) {
    const root = path.posix.relative(path.posix.dirname(name), '.') || '.';
    this.write(name, `<!doctype html>
<html lang="en" data-root="${root}/">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="${root}/page.css">
</head>
<body>
<a class="skip" href="#main">To the text</a>
<div class="sheet">
<nav aria-label="Pages"><details open><summary>Pages and search</summary>
<label for="search">Search headings</label><input id="search" type="search" autocomplete="off"><p id="hits" role="status"></p><ul id="found"></ul>
${this.tree(name)}
</details></nav>
<main id="main">
${body}
</main>
</div>
<script src="${root}/headings.js"></script>
<script src="${root}/search.js"></script>
</body>
</html>
`);
  }

  /** A failure of each program of the gallery as weave's page; none without weave. */
  makeGallery(build) {
    const weave = path.join(build, 'bin', 'weave');
    if (!fs.existsSync(weave)) return;
    const { folder: scratch, done } = scratchFolder('gallery');
    fs.mkdirSync(path.join(this.folder, 'gallery'), { recursive: true });
    for (const name of GALLERY) {
      const source = path.join(ROOT, 'tests', 'weave', 'programs', 'wrong', `${name}.c`);
      const [, words, run] = /^\/\*\n \* ([\s\S]*?)\n \*\n[\s\S]*?^ \* run: (.*)$/m.exec(fs.readFileSync(source, 'utf8'));
      const binary = path.join(scratch, name);
      const compiled = spawnSync(weave, ['cc', '-O0', source, '-o', binary], { encoding: 'utf8' });
      if (compiled.status !== 0) throw new Error(`${name}.c: ${compiled.stderr}`);
      const page = path.join(this.folder, 'gallery', `${name}.html`);
      const roles = run.split(' -- ').flatMap((role) => ['--', binary, ...role.trim().split(' ')]);
      const { status, stderr } = spawnSync(weave, ['--html', page, ...roles], { encoding: 'utf8', cwd: scratch });
      if (status !== 1 || !fs.existsSync(page)) throw new Error(`weave finds nothing in ${name}.c (status ${status}): ${stderr}`);
      this.gallery.push({ name, words: words.replace(/\s*\n \* ?/g, ' ') });
    }
    done();
  }

  build(build) {
    this.decks = this.students || !fs.existsSync(OUT) ? [] : deckFiles().map((name) => name.replace('.md', '.html')).filter((name) => fs.existsSync(path.join(OUT, name)));
    for (const name of this.pages) this.titles.set(name, /^# (.*)$/m.exec(this.text(name))?.[1].replace(/[`*]/g, '') ?? name);
    if (build !== undefined) this.makeGallery(build);
    for (const deck of this.decks) this.write(`slides/${deck}`, fs.readFileSync(path.join(OUT, deck)));
    this.write('docs/play.html', playPage());
    for (const name of ['page.css', 'search.js']) this.write(name, fs.readFileSync(path.join(ASSETS, name)));
    for (const name of this.pages) this.page(htmlName(name), this.titles.get(name), this.markdown(name).render(this.text(name).replace(/<!--[\s\S]*?-->/g, '')));
    if (this.gallery.length > 0) {
      const list = this.gallery.map(({ name, words }) => `<li><a href="${name}.html">${escape(name.replace(/_/g, ' '))}</a>: ${escape(words)}</li>`);
      this.page('gallery/index.html', 'A gallery of mistakes', `<h1 id="a-gallery-of-mistakes">A gallery of mistakes</h1><p>Each of these programs goes wrong in some order of its steps. weave has found the order; step through it.</p><ul>${list.join('\n')}</ul>`);
    }
    this.extras();
    for (const name of this.copies) this.write(name, fs.readFileSync(path.join(ROOT, name)));
    this.write('headings.js', `const headings = ${JSON.stringify(this.headings)};\n`);
    return this;
  }

  // Files and folders that pages lead to, folders first: they lead to files themselves.
  extras() {
    for (const [name] of [...this.extra].filter(([, kind]) => kind === 'folder')) {
      const inside = [...this.files].filter((file) => file.startsWith(`${name}/`) && fs.statSync(path.join(ROOT, file)).size < LARGEST && !/\.(png|svg|gif|jpg|weights|golden)$/.test(file)).slice(0, 60);
      for (const file of inside) if (!file.endsWith('.md')) this.extra.set(file, 'source');
      const list = inside.map((file) => { const to = this.target(`${name}/index.md`, path.posix.relative(name, file)); return `<li>${to === null ? '' : `<a href="${to}">`}${escape(path.posix.relative(name, file))}${to === null ? '' : '</a>'}</li>`; });
      this.page(`${name}/index.html`, name, `<h1>${escape(name)}</h1><ul>${list.join('\n')}</ul>`);
    }
    for (const [name, kind] of this.extra)
      if (kind === 'source') this.page(`${name}.html`, name, `<h1>${escape(name)}</h1><pre tabindex="0"><code>${escape(fs.readFileSync(path.join(ROOT, name), 'utf8'))}</code></pre>`);
  }
}

export const buildSite = (folder, { students = false, build } = {}) => new Site(folder, students).build(build);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const words = process.argv.slice(2);
  const students = words.includes('--students');
  const [folder, ...more] = words.filter((word) => word !== '--students');
  if (folder === undefined || more.length > 0 || folder.startsWith('-')) {
    console.log(USAGE);
    process.exitCode = words.includes('--help') ? 0 : 2;
  } else {
    try {
      const site = buildSite(path.resolve(folder), { students, build: students ? undefined : process.env.SHMLAB_BUILD ?? path.join(ROOT, 'build') });
      console.log(`${folder}: ${site.pages.length} pages, ${site.decks.length} decks, ${site.gallery.length} mistakes; begin at ${path.join(folder, 'index.html')}`);
    } catch (error) {
      console.error(`site: ${error.message}`);
      process.exitCode = 1;
    }
  }
}
