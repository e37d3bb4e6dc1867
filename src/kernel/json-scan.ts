/**
 * A strict JSON scanner (RFC 8259) that remembers where members stand instead of building values,
 * so that a gateway can pass text on as it arrived: no key dropped, reordered or re-typed.
 */

import { Members } from './json-members.js';
import { JsonScanError, JsonTokens, QUOTE } from './json-tokens.js';

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
  /** Most elements that are split off an array; beyond it the scan fails. */
  readonly maxElements?: number;
}

/** What upstreams say and is passed on: only as strict as JSON itself, and far deeper than clients may nest. */
export const RELAYED: ScanOptions = { maxDepth: 512, uniqueKeys: false };

const MAX_LINEAR_KEYS = 12;

/**
 * Scans a whole JSON text.
 * @throws JsonScanError `syntax` when it is no JSON, `depth` or `duplicate` as the options say
 */
export function scanJson(text: string, options: ScanOptions = {}): Scanned {
  return new Scanner(text, options).run();
}

/** The members of a text that may be anything; `undefined` unless it is an object and within the options. */
export function findMembers(
  text: string | undefined,
  options: ScanOptions = {},
): Members | undefined {
  if (text === undefined) return undefined;
  try {
    const { kind, top } = scanJson(text, options);
    return kind === 'object' ? top : undefined;
  } catch (e) {
    if (e instanceof JsonScanError) return undefined;
    throw e;
  }
}

/**
 * The elements of a JSON array, each as written.
 * @throws JsonScanError as scanJson; `syntax` when the text is no array; `elements` when there are too many
 */
export function scanElements(text: string, options: ScanOptions = {}): string[] {
  return new Scanner(text, options).elements();
}

class Scanner extends JsonTokens {
  private depth = 0;
  /** Keys of the objects that are open, outermost first. */
  private readonly keys: string[] = [];
  private readonly nestedNames: readonly string[];
  private readonly maxDepth: number;
  private readonly uniqueKeys: boolean;
  private readonly maxElements: number;
  private readonly top: Members;
  private readonly nested: Record<string, Members> = {};

  constructor(text: string, options: ScanOptions) {
    super(text);
    this.nestedNames = options.nested ?? [];
    this.maxDepth = options.maxDepth ?? 64;
    this.uniqueKeys = options.uniqueKeys ?? true;
    this.maxElements = options.maxElements ?? Infinity;
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
        if (into !== null && into.push(this.text.slice(start, this.at)) > this.maxElements)
          this.fail('elements');
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
    const isKept = into !== null || this.uniqueKeys;
    let many: Set<string> | null = null;
    for (;;) {
      // Where nobody asks for names they are only read over.
      const key = isKept ? this.key() : this.skippedKey();
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
}
