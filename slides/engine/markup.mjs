// Small helpers for HTML made from text.
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escape = (text) => String(text).replace(/[&<>"]/g, (each) => ENTITIES[each]);

/** The words after a fence: "c from=a.c#x step=1|2" -> { language: 'c', from: 'a.c#x', step: '1|2' } */
export const fenceInfo = (info) => {
  const [language = '', ...rest] = info.trim().split(/\s+/);
  const words = { language };
  for (const word of rest) {
    const at = word.indexOf('=');
    if (at < 0) words[word] = true;
    else words[word.slice(0, at)] = word.slice(at + 1);
  }
  return words;
};
