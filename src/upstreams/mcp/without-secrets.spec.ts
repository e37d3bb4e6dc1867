import { TailRing } from '../../platform/process/tail-ring.js';
import { withoutSecrets } from './without-secrets.js';

const KEY = [
  '-----BEGIN PRIVATE KEY-----',
  'MIIEvQIBADANBgkqhkiG9w0B',
  'AQEFAASCBKcwggSjAgEAAoIB',
  'Qw==',
  '-----END PRIVATE KEY-----',
];
const PIECES = /MIIE|AQEF|BEGIN|END/;

/** What is shown of what was written, chunk by chunk, to a ring of that size. */
function shown(
  secrets: readonly string[],
  chunks: readonly string[],
  { maxBytes = 4096, maxLineBytes = 100 } = {},
): string {
  const ring = new TailRing(maxBytes, maxLineBytes);
  for (const chunk of chunks) ring.push(Buffer.from(chunk));
  return withoutSecrets(ring.tail(), secrets);
}

describe('withoutSecrets', () => {
  it('hides what the program was given, the longer first, and what looks like a credential', () => {
    const text = 'sesame-open sesame https://me:pw@host/ info\n';
    expect(shown(['sesame', 'sesame-open', 'info'], [text])).toBe(
      '[redacted] [redacted] https://[redacted]@host/ info',
    );
  });

  it('hides secrets that overlap as one', () => {
    expect(shown(['abcdefgh', 'efghijkl'], ['x abcdefghijkl y\n'])).toBe('x [redacted] y');
  });

  it.each([
    ['as it is', KEY.join('\n'), KEY.join('\n')],
    ['with CRLF', KEY.join('\n'), KEY.join('\r\n')],
    ['that has CRLF', KEY.join('\r\n'), KEY.join('\n')],
    ['that has an empty line', KEY.join('\n\n'), KEY.join('\n\n')],
    ['that has an empty line, with CRLF', KEY.join('\n\n'), KEY.join('\r\n\r\n')],
  ])('hides a secret of several lines whole, %s', (_, secret, text) => {
    expect(shown([secret], [`key: ${text}\nnext\n`])).toBe('key: [redacted]\nnext');
  });

  it('hides each of its lines alone, indented or not, and written out', () => {
    const json = `{\n  "id": "1234",\n  "key": "${KEY.slice(1, 3).join('\\n')}"\n}`;
    const text = `bad "id": "1234", in\n${KEY[2] as string}" and\n`;
    expect(shown([json], [text])).toBe('bad [redacted] in\n[redacted] and');
    expect(shown([KEY.join('\\n')], [KEY.join('\n')])).not.toMatch(PIECES);
    expect(shown([KEY.join('\n')], [JSON.stringify(KEY.join('\n'))])).not.toMatch(/MIIE|AQEF/);
  });

  it.each([2, 3, 4])('hides what is left of it once its first lines are gone (%i of 5)', (left) => {
    const rest = KEY.slice(-left).join('\n').length;
    const text = `${KEY.join('\n')}\nnext\n`;
    const seen = shown([KEY.join('\n')], [text], { maxBytes: rest + '\nnext\n'.length });
    expect(seen).toBe('[redacted]\nnext');
  });

  it('hides the head of a secret where a line is cut, and no other', () => {
    const line = `${'x'.repeat(12)} sesame-open\n`;
    expect(shown(['sesame-open'], [line], { maxLineBytes: 20 })).toBe(
      `${'x'.repeat(12)} [redacted]`,
    );
    expect(shown(['sesame-open'], ['sesame-street\nsesame-\n'])).toBe('sesame-street\nsesame-');
    expect(shown(['sesame-öpen'], [line.replace('o', 'ö')], { maxLineBytes: 21 })).toBe(
      `${'x'.repeat(12)} [redacted]`,
    );
  });

  it('hides the head of a secret in a line that is still open, whichever way it is written', () => {
    expect(shown(['sesame-open'], ['key sesame-'])).toBe('key [redacted]');
    expect(shown(['sesame-open'], ['key sesame-', 'open door\n'])).toBe('key [redacted] door');
    for (let n = 32; n < KEY.join('\n').length; n++)
      expect(shown([KEY.join('\n')], [KEY.join('\n').slice(0, n)])).not.toMatch(PIECES);
  });

  it('shows no secret in two halves around what a flood has thrown away', () => {
    const flood = `\n${'y\n'.repeat(5000)}end\n`;
    expect(shown(['sesame-open'], ['sesame', flood], { maxBytes: 100 })).toMatch(/^(y\n)+end$/);
  });
});
