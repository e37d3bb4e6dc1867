import type { Writable } from 'node:stream';

/** stdout: whole JSON-RPC messages, one a line, and nothing else. */
export class LineOut {
  private full = false;
  private waiting: (() => void)[] = [];

  /** @param onGone told when the reader is gone */
  constructor(
    private readonly stream: Writable,
    onGone: () => void,
  ) {
    stream.on('drain', () => {
      this.full = false;
      const waiting = this.waiting;
      this.waiting = [];
      for (const go of waiting) go();
    });
    stream.on('error', onGone);
  }

  /** The reader is behind: whoever fills should wait for `onceDrained`. */
  get isFull(): boolean {
    return this.full;
  }

  onceDrained(go: () => void): void {
    this.waiting.push(go);
  }

  /** Line breaks can only stand between tokens of JSON, where a space means the same. */
  write(message: string): void {
    const line = /[\r\n]/.test(message) ? message.replace(/[\r\n]+/g, ' ') : message;
    if (!this.stream.write(`${line}\n`)) this.full = true;
  }
}
