const LF = 0x0a;

/** The last lines of a stream that may never stop: bounded bytes in all, each line cut. */
export class TailRing {
  private lines: Buffer[] = [];
  /** Lines before this index have been dropped already. */
  private first = 0;
  private bytes = 0;
  private readonly current: Buffer;
  private used = 0;

  /**
   * @param maxBytes of all lines kept, line ends included
   * @param maxLineBytes of one line; what is behind is thrown away
   */
  constructor(
    private readonly maxBytes: number,
    maxLineBytes: number,
  ) {
    this.current = Buffer.allocUnsafe(maxLineBytes);
  }

  push(chunk: Buffer): void {
    // Of a flood only the end can stay.
    let start = Math.max(0, chunk.length - 2 * this.maxBytes);
    for (;;) {
      const end = chunk.indexOf(LF, start);
      if (end < 0) break;
      this.take(chunk, start, end);
      this.finish();
      start = end + 1;
    }
    this.take(chunk, start, chunk.length);
  }

  text(): string {
    const open = this.current.subarray(0, this.used);
    return [...this.lines.slice(this.first), ...(this.used > 0 ? [open] : [])]
      .map((line) => line.toString('utf8').replace(/\r$/, ''))
      .join('\n');
  }

  private take(chunk: Buffer, start: number, end: number): void {
    this.used += chunk.copy(this.current, this.used, start, end);
  }

  private finish(): void {
    if (this.used === 0) return;
    this.lines.push(Buffer.from(this.current.subarray(0, this.used)));
    this.bytes += this.used + 1;
    this.used = 0;
    while (this.bytes > this.maxBytes)
      this.bytes -= (this.lines[this.first++] as Buffer).length + 1;
    if (this.first < 64 || this.first * 2 < this.lines.length) return;
    this.lines = this.lines.slice(this.first);
    this.first = 0;
  }
}
