/**
 * Cuts a command line into words as a shell would, but for everything that a shell would replace:
 * blanks part, quotes and backslashes keep together.
 * @returns null when a quote is left open
 */
export function splitCommand(line: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(line.charAt(at))) at++;
    if (at >= line.length) return words;
    const word = wordAt(line, at);
    if (word === null) return null;
    words.push(word.text);
    at = word.end;
  }
}

function wordAt(line: string, from: number): { text: string; end: number } | null {
  let text = '';
  let quote = '';
  for (let at = from; at < line.length; at++) {
    const c = line.charAt(at);
    if (quote === '' && /\s/.test(c)) return { text, end: at };
    if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else if (isEscape(line, at, quote)) text += line.charAt(++at);
    else text += c;
  }
  return quote === '' ? { text, end: line.length } : null;
}

/** Within double quotes a backslash is one, unless it keeps a quote or a backslash. */
function isEscape(line: string, at: number, quote: string): boolean {
  if (line.charAt(at) !== '\\' || at + 1 === line.length) return false;
  return quote === '' || (quote === '"' && /["\\]/.test(line.charAt(at + 1)));
}
