#!/usr/bin/env node
// Serve the decks while they are written: Marp builds one whenever it is asked for, and the page in the browser again when
// its file changes. It serves a folder of links to the decks, so that it need not watch all of slides/.
import fs from 'node:fs';
import path from 'node:path';
import { marpCli } from '@marp-team/marp-cli';
import { deckFiles, SLIDES } from './decks.mjs';
import { scratchFolder } from './scratch.mjs';

const DEFAULT_PORT = '8080';

process.env.PORT ??= DEFAULT_PORT;
const { folder: links } = scratchFolder('serve'); // until Ctrl-C

for (const name of deckFiles()) fs.symlinkSync(path.join(SLIDES, name), path.join(links, name));
console.log(`slides: http://localhost:${process.env.PORT}/ (Ctrl-C ends it)`);
process.exitCode = await marpCli(['--config-file', path.join(SLIDES, 'marp.config.mjs'), '--server', '--input-dir', links]);
