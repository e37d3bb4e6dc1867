/** Why a line was thrown away: longer than allowed, or no UTF-8. */
export type LineFault = 'overflow' | 'encoding';

export interface LineCodecOptions {
  /** Longest line in bytes, its end not counted. What is longer is skipped up to its end. */
  readonly maxLineBytes: number;
  /** One line without its end; never empty. */
  onLine(line: string): void;
  /** A line that was thrown away; for `overflow` told once, as soon as it is too long. */
  onFault(fault: LineFault): void;
}

const LF = 0x0a;
const CR = 0x0d;
/** What is kept between chunks; a longer line's buffer is given back once the line is through. */
const KEPT_BYTES = 64 * 1024;

/**
 * Cuts a byte stream into lines (MCP stdio transport: one JSON-RPC message a line). Ends may be LF or
 * CRLF, a byte order mark is removed, characters may be split over chunks. Each byte is copied a
 * bounded number of times, however small the chunks.
 */
export class LineCodec {
  private pending = Buffer.allocUnsafe(0);
  private used = 0;
  private skipping = false;

  constructor(private readonly options: LineCodecOptions) {}

  push(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LF, start);
      if (end < 0) break;
      this.finish(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length && !this.skipping) this.skipping = !this.store(chunk.subarray(start));
  }

  /** The stream has ended: what stands behind the last line end counts as a line. */
  end(): void {
    this.finish(Buffer.alloc(0));
  }

  private finish(rest: Buffer): void {
    if (this.skipping) {
      this.skipping = false;
      return;
    }
    if (this.used === 0) {
      this.emit(rest);
      return;
    }
    if (this.store(rest)) this.emit(this.pending.subarray(0, this.used));
    this.used = 0;
    if (this.pending.length > KEPT_BYTES) this.pending = Buffer.allocUnsafe(0);
  }

  /** @returns false when the line has become too long */
  private store(part: Buffer): boolean {
    const needed = this.used + part.length;
    // One byte more is allowed here: it may be the CR of a CRLF.
    if (needed > this.options.maxLineBytes + 1) {
      this.overflow();
      return false;
    }
    if (needed > this.pending.length) this.grow(needed);
    part.copy(this.pending, this.used);
    this.used = needed;
    return true;
  }

  private grow(needed: number): void {
    const bigger = Buffer.allocUnsafe(Math.max(needed, this.pending.length * 2, 1024));
    this.pending.copy(bigger, 0, 0, this.used);
    this.pending = bigger;
  }

  private overflow(): void {
    this.pending = Buffer.allocUnsafe(0);
    this.used = 0;
    this.options.onFault('overflow');
  }

  private emit(bytes: Buffer): void {
    const end = bytes[bytes.length - 1] === CR ? bytes.length - 1 : bytes.length;
    const start = startsWithMark(bytes) ? 3 : 0;
    if (end > this.options.maxLineBytes) this.options.onFault('overflow');
    else if (end > start) this.decode(bytes.subarray(start, end));
  }

  private decode(bytes: Buffer): void {
    const line = bytes.toString('utf8');
    // Decoding puts U+FFFD for what is no UTF-8; one that was sent comes out as the bytes it was.
    if (line.includes('\ufffd') && !Buffer.from(line).equals(bytes))
      this.options.onFault('encoding');
    else this.options.onLine(line);
  }
}

function startsWithMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}
