// Folders for what lies about only while a tool runs: gone when it ends, by a signal too.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const folders = new Set();

const remove = (folder) => {
  folders.delete(folder);
  fs.rmSync(folder, { recursive: true, force: true });
};

process.on('exit', () => folders.forEach(remove));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(128 + os.constants.signals[signal]));

/** A new folder; `done()` removes it before the end. */
export const scratchFolder = (name) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `shmlab-${name}-`));
  folders.add(folder);
  return { folder, done: () => remove(folder) };
};
