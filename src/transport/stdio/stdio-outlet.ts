import type { Writable } from 'node:stream';
import type { Outlet, PipeEnd } from '../pipe/client-pipe.js';
import { SendBudget } from '../send-budget.js';

/** stdout as the outlet of a pipe: one whole JSON-RPC message a line, and nothing else. */
export class StdioOutlet implements Outlet {
  private readonly budget: SendBudget;
  private isClosed = false;

  /** @param onClose told once, why the pipe is to end */
  constructor(
    private readonly stdout: Writable,
    maxQueueBytes: number,
    private readonly onClose: (why: PipeEnd | 'slow' | 'gone') => void,
  ) {
    this.budget = new SendBudget(maxQueueBytes);
    stdout.on('error', () => {
      this.end('gone');
    });
    stdout.on('drain', () => {
      this.budget.drained();
    });
  }

  send(message: string): boolean {
    if (this.isClosed) return false;
    if (!this.budget.admits(this.stdout.writableLength, message.length)) {
      this.end('slow');
      return false;
    }
    // Line breaks can only stand between tokens of JSON, where a space means the same.
    this.stdout.write(`${message.replace(/[\r\n]+/g, ' ')}\n`);
    return true;
  }

  behind(caughtUp: () => void): boolean {
    const { stdout } = this;
    if (this.isClosed || !stdout.writableNeedDrain) return false;
    return this.budget.holdsBack(stdout.writableLength, caughtUp);
  }

  probe(): void {
    // A pipe that is broken says so by itself.
  }

  close(why: PipeEnd): void {
    this.end(why);
  }

  private end(why: PipeEnd | 'slow' | 'gone'): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.budget.drained();
    this.onClose(why);
  }
}
