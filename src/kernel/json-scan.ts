/**
 * A strict JSON scanner (RFC 8259) that remembers where members stand instead of building values,
 * so that a gateway can pass text on as it arrived: no key dropped, reordered or re-typed.
 */

/** What makes a scan fail. `syntax` and `depth` are parse errors, `duplicate` is an invalid request. */
export type ScanFault = 'syntax' | 'depth' | 'duplicate';

export class JsonScanError extends Error {
  constructor(
    readonly fault: ScanFault,
    readonly position: number,
  ) {
    super(`JSON ${fault} at ${String(position)}`);
  }
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
    const lookAlikes = this.keys.filter((key) => {
      if (reserved.includes(key)) return false;
      return reserved.includes(key.normalize('NFKC').toLowerCase());
    });
    return this.without(...replaced, ...lookAlikes);
  }

  /** All members but those named, as the inside of an object: `"a":1,"b":{}`. */
  without(...left: readonly string[]): string {
    let out = '';
    this.keys.forEach((key, i) => {
      if (left.includes(key)) return;
      if (out !== '') out += ',';
      out += `${JSON.stringify(key)}:${this.text.slice(this.bounds[2 * i], this.bounds[2 * i + 1])}`;
    });
    return out;
  }
}

/** A scanned text: `top` when it is an object, and the members of those of its members asked for. */
export interface Scanned {
  readonly kind: 'object' | 'array' | 'scalar';
  readonly top: Members;
  /** Members of `top[nested]` for each nested name that is an object. */
  readonly nested: Readonly<Record<string, Members>>;
}

export interface ScanOptions {
  /** Names of top-level members whose own members are wanted. */
  readonly nested?: readonly string[];
  /** Deepest nesting of arrays and objects; beyond it the scan fails. */
  readonly maxDepth?: number;
  /** Whether the same key twice in one object fails the scan. */
  readonly uniqueKeys?: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MAX_LINEAR_KEYS = 12;

/**
 * Scans a whole JSON text.
 * @throws JsonScanError `syntax` when it is no JSON, `depth` or `duplicate` as the options say
 */
export function scanJson(text: string, options: ScanOptions = {}): Scanned {
  return new Scanner(text, options).run();
}

/**
 * The elements of a JSON array, each as written.
 * @throws JsonScanError as scanJson; `syntax` when the text is no array
 */
export function scanElements(text: string, options: ScanOptions = {}): string[] {
  return new Scanner(text, options).elements();
}

class Scanner {
  private at = 0;
  private depth = 0;
  /** Keys of the objects that are open, outermost first. */
  private readonly keys: string[] = [];
  private readonly nestedNames: readonly string[];
  private readonly maxDepth: number;
  private readonly uniqueKeys: boolean;
  private readonly top: Members;
  private readonly nested: Record<string, Members> = {};

  constructor(
    private readonly text: string,
    options: ScanOptions,
  ) {
    this.nestedNames = options.nested ?? [];
    this.maxDepth = options.maxDepth ?? 64;
    this.uniqueKeys = options.uniqueKeys ?? true;
    this.top = new Members(text);
  }

  run(): Scanned {
    this.blank();
    const first = this.text.charCodeAt(this.at);
    const kind = first === 0x7b ? 'object' : first === 0x5b ? 'array' : 'scalar';
    if (kind === 'object') this.object(this.top, true);
    else this.value();
    this.blank();
    if (this.at !== this.text.length) this.fail('syntax');
    return { kind, top: this.top, nested: this.nested };
  }

  elements(): string[] {
    const found: string[] = [];
    this.blank();
    if (this.text.charCodeAt(this.at) !== 0x5b) this.fail('syntax');
    this.array(found);
    this.blank();
    if (this.at !== this.text.length) this.fail('syntax');
    return found;
  }

  private fail(fault: ScanFault): never {
    throw new JsonScanError(fault, this.at);
  }

  private blank(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.at++;
    }
  }

  private value(): void {
    const c = this.text.charCodeAt(this.at);
    switch (c) {
      case QUOTE:
        this.string();
        return;
      case 0x7b:
        this.object(null, false);
        return;
      case 0x5b:
        this.array(null);
        return;
      case 0x74:
        this.word('true');
        return;
      case 0x66:
        this.word('false');
        return;
      case 0x6e:
        this.word('null');
        return;
      default:
        this.number(c);
    }
  }

  private word(word: string): void {
    if (!this.text.startsWith(word, this.at)) this.fail('syntax');
    this.at += word.length;
  }

  private number(first: number): void {
    let c = first;
    if (c === 0x2d) c = this.text.charCodeAt(++this.at);
    if (c === 0x30) this.at++;
    else this.digits();
    if (this.text.charCodeAt(this.at) === 0x2e) {
      this.at++;
      this.digits();
    }
    c = this.text.charCodeAt(this.at);
    if (c === 0x65 || c === 0x45) {
      c = this.text.charCodeAt(++this.at);
      if (c === 0x2b || c === 0x2d) this.at++;
      this.digits();
    }
  }

  private digits(): void {
    const start = this.at;
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (!(c >= 0x30 && c <= 0x39)) break;
      this.at++;
    }
    if (this.at === start) this.fail('syntax');
  }

  /** Leaves `at` behind the closing quote; answers whether the string has an escape. */
  private string(): boolean {
    const text = this.text;
    let escaped = false;
    let i = this.at + 1;
    for (;;) {
      const c = text.charCodeAt(i);
      if (c === QUOTE) {
        this.at = i + 1;
        return escaped;
      }
      if (c === BACKSLASH) {
        escaped = true;
        i = this.escape(i + 1);
      } else if (c >= 0x20) i++;
      else {
        // A control character, or NaN behind the end of the text.
        this.at = i;
        this.fail('syntax');
      }
    }
  }

  private escape(i: number): number {
    switch (this.text.charCodeAt(i)) {
      case QUOTE:
      case BACKSLASH:
      case 0x2f:
      case 0x62:
      case 0x66:
      case 0x6e:
      case 0x72:
      case 0x74:
        return i + 1;
      case 0x75:
        if (/^[0-9a-fA-F]{4}$/.test(this.text.slice(i + 1, i + 5))) return i + 5;
    }
    this.at = i;
    return this.fail('syntax');
  }

  private enter(): void {
    if (++this.depth > this.maxDepth) this.fail('depth');
    this.at++;
    this.blank();
  }

  private array(into: string[] | null): void {
    this.enter();
    if (this.text.charCodeAt(this.at) === 0x5d) this.at++;
    else
      for (;;) {
        const start = this.at;
        this.value();
        into?.push(this.text.slice(start, this.at));
        this.blank();
        const c = this.text.charCodeAt(this.at++);
        if (c === 0x5d) break;
        if (c !== 0x2c) this.fail('syntax');
        this.blank();
      }
    this.depth--;
  }

  private object(into: Members | null, isTop: boolean): void {
    this.enter();
    if (this.text.charCodeAt(this.at) === 0x7d) {
      this.at++;
      this.depth--;
      return;
    }
    const from = this.keys.length;
    let many: Set<string> | null = null;
    for (;;) {
      const key = this.key();
      if (this.uniqueKeys) many = this.note(key, from, many);
      this.colon();
      const start = this.at;
      if (isTop && this.text.charCodeAt(start) === 0x7b && this.nestedNames.includes(key)) {
        const members = new Members(this.text);
        this.nested[key] = members;
        this.object(members, false);
      } else this.value();
      into?.add(key, start, this.at);
      this.blank();
      const c = this.text.charCodeAt(this.at++);
      if (c === 0x7d) break;
      if (c !== 0x2c) this.fail('syntax');
      this.blank();
    }
    this.keys.length = from;
    this.depth--;
  }

  /** Remembers a key of the object whose keys begin at `from`: in a list, in a Set once it is long. */
  private note(key: string, from: number, many: Set<string> | null): Set<string> | null {
    if (many !== null) {
      if (many.has(key)) this.fail('duplicate');
      return many.add(key);
    }
    const { keys } = this;
    for (let i = from; i < keys.length; i++) if (keys[i] === key) this.fail('duplicate');
    keys.push(key);
    return keys.length - from > MAX_LINEAR_KEYS ? new Set(keys.slice(from)) : null;
  }

  private key(): string {
    if (this.text.charCodeAt(this.at) !== QUOTE) this.fail('syntax');
    const start = this.at;
    const escaped = this.string();
    return escaped
      ? (JSON.parse(this.text.slice(start, this.at)) as string)
      : this.text.slice(start + 1, this.at - 1);
  }

  private colon(): void {
    this.blank();
    if (this.text.charCodeAt(this.at) !== 0x3a) this.fail('syntax');
    this.at++;
    this.blank();
  }
}
