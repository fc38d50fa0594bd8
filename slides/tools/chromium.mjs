// Where chromium is, and how it is started: quietly, without a network, as root in a container too.
import fs from 'node:fs';
import path from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The path of an installed chromium ($CHROME_PATH first), or null. */
export const chromiumPath = () => {
  const given = process.env.CHROME_PATH;
  if (given) return fs.existsSync(given) ? given : null;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  for (const name of NAMES)
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (folder !== '' && fs.existsSync(file)) return file;
    }
  return null;
};

/** Seconds for anything that chromium is asked to do: stops a runaway only, a busy machine may take its time. */
export const PATIENCE = 300;

export const MISSING = 'chromium is missing (Debian: apt-get install chromium; or set CHROME_PATH)';

export const FLAGS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), // chromium refuses to run as root with its sandbox
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
