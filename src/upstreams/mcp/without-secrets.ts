import { scrub } from '../../platform/log/redact.js';
import type { Tail } from '../../platform/process/tail-ring.js';

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Shorter values say too little to be secrets, and occur everywhere. */
const MIN_SECRET = 6;
/** Between the lines of a secret; written out, as a key in JSON or in an environment file has them. */
const LINE_ENDS = /(?:[\r\n]|\\r|\\n)+/;

/**
 * What a program wrote, without the secrets it was given, and without what looks like a credential.
 * Of a secret of several lines each may stand alone, and where the text is cut a part of one.
 */
export function withoutSecrets(tail: Tail, secrets: readonly string[]): string {
  const parts = new Set(secrets.flatMap(partsOf));
  const spans = [...parts].flatMap((part) => [...whole(tail.text, part), ...cut(tail, part)]);
  return scrub(hide(tail.text, spans));
}

/** All that is not to be seen of a secret: it, as a Tail would have it, and its lines. */
function partsOf(secret: string): string[] {
  const unbroken = secret.split(/[\r\n]+/).filter((line) => line !== '');
  const lines = [...unbroken, ...secret.split(LINE_ENDS)];
  return [unbroken.join('\n'), ...lines, ...lines.map((line) => line.trim())].filter(
    ({ length }) => length >= MIN_SECRET,
  );
}

function whole(text: string, part: string): Span[] {
  const spans: Span[] = [];
  const { length } = part;
  for (let from = text.indexOf(part); from >= 0; from = text.indexOf(part, from + length))
    spans.push({ from, to: from + length });
  return spans;
}

/** A beginning of it where a line is cut, its end where the text begins without what came before. */
function cut({ text, isCut, cuts }: Tail, part: string): Span[] {
  const spans: Span[] = [];
  for (const to of cuts) {
    const length = longest(part, (n) => text.startsWith(part.slice(0, n), to - n));
    if (length > 0) spans.push({ from: to - length, to });
  }
  const length = isCut ? longest(part, (n) => text.startsWith(part.slice(-n))) : 0;
  return length > 0 ? [...spans, { from: 0, to: length }] : spans;
}

/** @returns the greatest length of a piece that fits, 0 where none does */
function longest(part: string, fits: (length: number) => boolean): number {
  for (let n = part.length - 1; n >= MIN_SECRET; n--) if (fits(n)) return n;
  return 0;
}

/** Spans that touch are hidden as one. */
function hide(text: string, spans: Span[]): string {
  let out = '';
  let end = 0;
  for (const { from, to } of spans.sort((a, b) => a.from - b.from)) {
    if (from > end || out === '') out += `${text.slice(end, from)}[redacted]`;
    end = Math.max(end, to);
  }
  return out + text.slice(end);
}
