/** Which kinds of answer a client takes. */
export interface Accepts {
  readonly json: boolean;
  readonly stream: boolean;
}

const BOTH: Accepts = { json: true, stream: true };
const known = new Map<string, Accepts>();
const MAX_KNOWN = 200;

/** Reads `Accept`; absent or any type means both. Ranges with `q=0` are not taken (RFC 9110 §12.5.1). */
export function parseAccept(header: string | undefined): Accepts {
  if (header === undefined) return BOTH;
  const before = known.get(header);
  if (before !== undefined) return before;
  const accepts = read(header);
  if (known.size < MAX_KNOWN) known.set(header, accepts);
  return accepts;
}

function read(header: string): Accepts {
  const types = new Set<string>();
  for (const range of header.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((p) => p.trim().toLowerCase());
    if (!parameters.some((p) => /^q=0(\.0*)?$/.test(p))) types.add(type);
  }
  if (types.has('*/*')) return BOTH;
  return {
    json: types.has('application/json') || types.has('application/*'),
    stream: types.has('text/event-stream') || types.has('text/*'),
  };
}
