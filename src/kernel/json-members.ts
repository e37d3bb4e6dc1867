const QUOTE = 0x22;
const PLAIN = /^[\w$./-]*$/;

/** A key as JSON text; `JSON.stringify` costs more than all else that is done with a plain one. */
function quoted(key: string): string {
  return PLAIN.test(key) ? `"${key}"` : JSON.stringify(key);
}

/** The members of one object as slices of the text they stand in. */
export class Members {
  private readonly keys: string[] = [];
  private readonly bounds: number[] = [];

  constructor(private readonly text: string) {}

  /** Called by the scanner only: member `key` has its value at [start, end). */
  add(key: string, start: number, end: number): void {
    this.keys.push(key);
    this.bounds.push(start, end);
  }

  get size(): number {
    return this.keys.length;
  }

  names(): readonly string[] {
    return this.keys;
  }

  has(key: string): boolean {
    return this.keys.includes(key);
  }

  /** The value of a member as JSON text, exactly as written; `undefined` when absent. */
  raw(key: string): string | undefined {
    const i = this.keys.indexOf(key);
    return i < 0 ? undefined : this.text.slice(this.bounds[2 * i], this.bounds[2 * i + 1]);
  }

  /** The value of a member that must be a string; `undefined` when absent or of another type. */
  string(key: string): string | undefined {
    const i = this.keys.indexOf(key);
    if (i < 0) return undefined;
    const start = this.bounds[2 * i] as number;
    if (this.text.charCodeAt(start) !== QUOTE) return undefined;
    const end = this.bounds[2 * i + 1] as number;
    const inner = this.text.slice(start + 1, end - 1);
    return inner.includes('\\') ? (JSON.parse(this.text.slice(start, end)) as string) : inner;
  }

  /**
   * As `without(...replaced)`, and without every key that is equal to a reserved one only after
   * folding case or form: another parser might take it for that (SECURITY.md S08).
   */
  rest(replaced: readonly string[], reserved: readonly string[]): string {
    const { keys } = this;
    let left = replaced;
    for (const key of keys)
      if (!reserved.includes(key) && reserved.includes(key.normalize('NFKC').toLowerCase()))
        left = [...left, key];
    return this.kept(left);
  }

  /** The text of a member that is an object; `undefined` when absent or of another type. */
  object(key: string): string | undefined {
    const raw = this.raw(key);
    return raw?.startsWith('{') === true ? raw : undefined;
  }

  /**
   * The whole object with some members changed (JSON text by key) or cut, new ones at the end; all
   * others as they were written.
   */
  spliced(changes: ReadonlyMap<string, string>, cut: readonly string[] = []): string {
    const parts: string[] = [];
    for (const key of new Set([...this.keys, ...changes.keys()]))
      if (!cut.includes(key))
        parts.push(`${JSON.stringify(key)}:${changes.get(key) ?? this.raw(key) ?? 'null'}`);
    return `{${parts.join(',')}}`;
  }

  /** All members but those named, as the inside of an object: `"a":1,"b":{}`. */
  without(...left: readonly string[]): string {
    return this.kept(left);
  }

  private kept(left: readonly string[]): string {
    const { keys, bounds } = this;
    let out = '';
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      if (left.includes(key)) continue;
      if (out !== '') out += ',';
      out += `${quoted(key)}:${this.text.slice(bounds[2 * i], bounds[2 * i + 1])}`;
    }
    return out;
  }
}
