export const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What makes a scan fail. `syntax` and `depth` are parse errors, the others make an invalid request. */
export type ScanFault = 'syntax' | 'depth' | 'duplicate' | 'elements';

export class JsonScanError extends Error {
  constructor(
    readonly fault: ScanFault,
    readonly position: number,
  ) {
    super(`JSON ${fault} at ${String(position)}`);
  }
}

/** Reads the tokens of a JSON text (RFC 8259) one after another, and stops at the first that is none. */
export abstract class JsonTokens {
  protected at = 0;

  constructor(protected readonly text: string) {}

  protected fail(fault: ScanFault): never {
    throw new JsonScanError(fault, this.at);
  }

  protected blank(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.at++;
    }
  }

  protected word(word: string): void {
    if (!this.text.startsWith(word, this.at)) this.fail('syntax');
    this.at += word.length;
  }

  protected number(first: number): void {
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
  protected string(): boolean {
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

  protected key(): string {
    if (this.text.charCodeAt(this.at) !== QUOTE) this.fail('syntax');
    const start = this.at;
    const escaped = this.string();
    return escaped
      ? (JSON.parse(this.text.slice(start, this.at)) as string)
      : this.text.slice(start + 1, this.at - 1);
  }

  protected skippedKey(): string {
    if (this.text.charCodeAt(this.at) !== QUOTE) this.fail('syntax');
    this.string();
    return '';
  }

  protected colon(): void {
    this.blank();
    if (this.text.charCodeAt(this.at) !== 0x3a) this.fail('syntax');
    this.at++;
    this.blank();
  }
}
