import type { ServerResponse } from 'node:http';

export interface StreamLimits {
  readonly maxQueueBytes: number;
  readonly keepaliveMs: number;
}

const MAX_QUEUED_EVENTS = 1000;

/**
 * One JSON-RPC message as one event. Line breaks can only stand between tokens of JSON, where a
 * space means the same; `event` is the gateway's own (SECURITY.md S10).
 */
export function encodeEvent(message: string): string {
  return `event: message\ndata: ${/[\r\n]/.test(message) ? message.replace(/[\r\n]+/g, ' ') : message}\n\n`;
}

/**
 * Writes server-sent events to one reader: flushed at once, kept alive by comments, closed when the
 * reader is too far behind (SECURITY.md S11).
 */
export class EventStream {
  private readonly timer: NodeJS.Timeout;
  private unread = 0;
  private isProbed = false;
  private open = true;

  constructor(
    private readonly res: ServerResponse,
    private readonly limits: StreamLimits,
  ) {
    this.timer = setInterval(() => {
      this.comment();
    }, limits.keepaliveMs);
    res.on('drain', () => {
      this.unread = 0;
      this.isProbed = false;
    });
    res.on('close', () => {
      this.end();
    });
  }

  /** @returns false when the reader is gone */
  send(message: string): boolean {
    return this.write(encodeEvent(message));
  }

  /** A reader that has not read since the last probe is gone: its socket was dead all along. */
  probe(): void {
    if (this.isProbed && this.res.writableLength > 0) this.kill();
    else {
      this.isProbed = true;
      this.comment();
    }
  }

  /** @param last a message to send before the end */
  end(last?: string): void {
    clearInterval(this.timer);
    if (!this.open) return;
    this.open = false;
    if (!this.res.writableEnded && !this.res.destroyed)
      this.res.end(last === undefined ? undefined : encodeEvent(last));
  }

  private comment(): void {
    this.write(': keep-alive\n\n');
  }

  private write(text: string): boolean {
    if (!this.open || this.res.destroyed) return false;
    if (!this.res.write(text)) this.unread++;
    if (this.res.writableLength > this.limits.maxQueueBytes || this.unread > MAX_QUEUED_EVENTS) {
      this.kill();
      return false;
    }
    return true;
  }

  private kill(): void {
    this.open = false;
    clearInterval(this.timer);
    this.res.destroy();
  }
}
