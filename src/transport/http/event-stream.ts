import type { ServerResponse } from 'node:http';
import type { Config } from '../../config/config.js';
import { SendBudget } from '../send-budget.js';
import { endWhenStalled } from './stalled.js';

export interface StreamLimits {
  readonly maxQueueBytes: number;
  /** Pause between comments; 0 = none. */
  readonly keepaliveMs: number;
  /** Longest time that a reader may take nothing of what waits for it. */
  readonly stallMs: number;
}

/** The pause that the configuration asks for, as StreamLimits want it. */
export function keepaliveMs(
  config: Pick<Config, 'sseKeepaliveEnabled' | 'sseKeepaliveIntervalMs'>,
): number {
  return config.sseKeepaliveEnabled ? config.sseKeepaliveIntervalMs : 0;
}

const MAX_QUEUED_EVENTS = 1000;

/**
 * One JSON-RPC message as one event. Line breaks can only stand between tokens of JSON, where a
 * space means the same; `event` and `id` are the gateway's own (SECURITY.md S10).
 */
export function encodeEvent(message: string, id = ''): string {
  const head = id === '' ? '' : `id: ${id}\n`;
  return `${head}event: message\ndata: ${/[\r\n]/.test(message) ? message.replace(/[\r\n]+/g, ' ') : message}\n\n`;
}

/**
 * Writes server-sent events to one reader: flushed at once, kept alive by comments, closed when the
 * reader is too far behind, or takes nothing for too long (SECURITY.md S11).
 */
export class EventStream {
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly budget: SendBudget;
  private unread = 0;
  private isProbed = false;
  private open = true;

  constructor(
    private readonly res: ServerResponse,
    limits: StreamLimits,
  ) {
    this.budget = new SendBudget(limits.maxQueueBytes);
    if (limits.keepaliveMs > 0)
      this.timer = setInterval(() => {
        this.comment();
      }, limits.keepaliveMs);
    res.on('drain', () => {
      this.unread = 0;
      this.isProbed = false;
      this.budget.drained();
    });
    endWhenStalled(res, limits.stallMs);
    res.on('close', () => {
      this.end();
    });
  }

  /** @returns false when the reader is gone */
  send(message: string, id = ''): boolean {
    return this.write(encodeEvent(message, id));
  }

  /**
   * Text that is encoded already: one whole event, a comment, a `retry`.
   * @returns false when the reader is gone
   */
  write(text: string): boolean {
    if (!this.open || this.res.destroyed) return false;
    const { writableLength } = this.res;
    if (!this.budget.admits(writableLength, text.length) || this.unread > MAX_QUEUED_EVENTS) {
      this.kill();
      return false;
    }
    if (!this.res.write(text)) this.unread++;
    return true;
  }

  /** See Channel.behind. */
  behind(caughtUp: () => void): boolean {
    const { res } = this;
    // Only then does `drain` follow.
    if (!this.open || res.destroyed || !res.writableNeedDrain) return false;
    const isFull = this.unread > MAX_QUEUED_EVENTS / 2;
    return this.budget.holdsBack(isFull ? Infinity : res.writableLength, caughtUp);
  }

  /** A reader that has not read since the last probe is gone: its socket was dead all along. */
  probe(): void {
    if (this.isProbed && this.res.writableLength > 0) this.kill();
    else {
      this.isProbed = true;
      this.comment();
    }
  }

  /** @param last text to send before the end, encoded already */
  end(last?: string): void {
    clearInterval(this.timer);
    const wasOpen = this.open;
    // Before who waits is told: it would only wait here again.
    this.open = false;
    this.budget.drained();
    if (!wasOpen) return;
    if (!this.res.writableEnded && !this.res.destroyed) this.res.end(last);
  }

  /** @param message the last one */
  finish(message?: string): void {
    this.end(message === undefined ? undefined : encodeEvent(message));
  }

  private comment(): void {
    this.write(': keep-alive\n\n');
  }

  private kill(): void {
    this.open = false;
    clearInterval(this.timer);
    this.res.destroy();
  }
}
