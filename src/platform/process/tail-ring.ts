import { StringDecoder } from 'node:string_decoder';

const LF = 0x0a;
const CR = 0x0d;

/** What is left of a stream. */
export interface Tail {
  /** Lines, without empty ones. */
  readonly text: string;
  /** Whether lines before it are gone. */
  readonly isCut: boolean;
  /** Where in `text` the rest of a line is missing: it was too long, or has not come yet. */
  readonly cuts: readonly number[];
}

/** The last lines of a stream that may never stop: bounded bytes in all, each line cut. */
export class TailRing {
  private lines: Buffer[] = [];
  /** Lines before this index have been dropped already. */
  private first = 0;
  private bytes = 0;
  private isCut = false;
  private readonly current: Buffer;
  private used = 0;

  /**
   * @param maxBytes of all lines kept, line ends included
   * @param maxLineBytes of one line; what is behind is thrown away
   */
  constructor(
    private readonly maxBytes: number,
    private readonly maxLineBytes: number,
  ) {
    this.current = Buffer.allocUnsafe(maxLineBytes);
  }

  push(chunk: Buffer): void {
    let start = this.skip(chunk);
    for (;;) {
      const end = chunk.indexOf(LF, start);
      if (end < 0) break;
      this.take(chunk, start, end);
      this.finish();
      start = end + 1;
    }
    this.take(chunk, start, chunk.length);
  }

  tail(): Tail {
    const cuts: number[] = [];
    let text = '';
    for (const line of this.lines.slice(this.first)) {
      if (text !== '') text += '\n';
      const isWhole = line.length < this.maxLineBytes;
      text += isWhole ? line.toString('utf8') : decoded(line);
      if (!isWhole) cuts.push(text.length);
    }
    if (this.used > 0) {
      if (text !== '') text += '\n';
      text += decoded(this.current.subarray(0, this.used)).replace(/\r$/, '');
      cuts.push(text.length);
    }
    return { text, isCut: this.isCut, cuts };
  }

  /** Of a flood only the end can stay. @returns where its first line begins, never within it */
  private skip(chunk: Buffer): number {
    const spare = chunk.length - 2 * this.maxBytes;
    const start = spare > 0 ? chunk.lastIndexOf(LF, spare - 1) + 1 : 0;
    if (start > 0) {
      this.used = 0;
      this.isCut = true;
    }
    return start;
  }

  private take(chunk: Buffer, start: number, end: number): void {
    this.used += chunk.copy(this.current, this.used, start, end);
  }

  private finish(): void {
    if (this.used > 0 && this.current[this.used - 1] === CR) this.used--;
    if (this.used === 0) return;
    this.lines.push(Buffer.from(this.current.subarray(0, this.used)));
    this.bytes += this.used + 1;
    this.used = 0;
    while (this.bytes > this.maxBytes) {
      this.bytes -= (this.lines[this.first++] as Buffer).length + 1;
      this.isCut = true;
    }
    if (this.first < 64 || this.first * 2 < this.lines.length) return;
    this.lines = this.lines.slice(this.first);
    this.first = 0;
  }
}

/** Without the half of a character at its end. */
function decoded(bytes: Buffer): string {
  return new StringDecoder('utf8').write(bytes);
}
