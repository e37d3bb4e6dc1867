const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const VALUE = /^[\t\x20-\x7e]*$/;
const MAX_VALUE = 8_192;
const REFUSED = new Set([
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers of owners (SECURITY.md S33, API.md §1.11). @returns what is wrong, or `undefined` */
export function headerFault(name: string, value: string): string | undefined {
  if (!TOKEN.test(name)) return 'the name is no HTTP token';
  const folded = name.toLowerCase();
  if (REFUSED.has(folded) || folded.startsWith('proxy-') || folded.startsWith('mcp-'))
    return `${name} cannot be set`;
  if (value.length > MAX_VALUE) return 'the value is longer than 8192 characters';
  return VALUE.test(value) ? undefined : 'the value must be visible ASCII';
}
