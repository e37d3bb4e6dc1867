import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Outlet, PipeEnd } from '../pipe/client-pipe.js';
import { SendBudget } from '../send-budget.js';

export interface WsLimits {
  readonly pingIntervalMs: number;
  readonly maxQueueBytes: number;
  /** Longest time that a client may take nothing of what waits for it. */
  readonly stallMs: number;
}

/** Close codes (API.md §3.5; RFC 6455 §7.4.1). */
export const CLOSE_CODES = {
  shutdown: 1001,
  binary: 1003,
  credential: 1008,
  flood: 1008,
  internal: 1011,
  slow: 1013,
} as const satisfies Record<PipeEnd | 'binary' | 'flood' | 'slow', number>;

const WORDS: Readonly<Record<keyof typeof CLOSE_CODES, string>> = {
  shutdown: 'shutting down',
  binary: 'text frames only',
  credential: 'credential has ended',
  flood: 'too many pings',
  internal: 'internal error',
  slow: 'reader is too slow',
};

/** How long the far end of a socket that is being closed may take to close too. */
const CLOSE_MS = 3000;
/** Pings without an answer after which a client is gone. */
const MAX_MISSED = 2;
/** Pings of a client that are answered in a second; nobody needs more than one in many. */
const MAX_PINGS_PER_SECOND = 100;

/** The writing side of a WebSocket: bounded, pinged, closed with a code that says why. */
export class WsOutlet implements Outlet {
  private readonly budget: SendBudget;
  private readonly timer: NodeJS.Timeout;
  private missed = 0;
  private pings = 0;
  private pingsSince = 0;
  /** How much the client has taken, and when that last grew. */
  private taken = 0;
  private takenAt = performance.now();

  /** @param line the connection below */
  constructor(
    private readonly socket: WebSocket,
    private readonly line: Socket,
    private readonly limits: WsLimits,
  ) {
    this.budget = new SendBudget(limits.maxQueueBytes);
    this.timer = setInterval(() => {
      this.ping();
    }, limits.pingIntervalMs);
    socket.on('pong', () => {
      this.missed = 0;
    });
    socket.on('ping', () => {
      this.pinged();
    });
    socket.on('close', () => {
      clearInterval(this.timer);
      this.budget.drained();
    });
    line.on('drain', () => {
      this.budget.drained();
    });
    line.setTimeout(limits.stallMs, () => {
      if (line.writableLength > 0) socket.terminate();
    });
  }

  send(message: string): boolean {
    const { socket } = this;
    if (socket.readyState !== socket.OPEN) return false;
    if (!this.budget.admits(socket.bufferedAmount, message.length)) {
      this.end('slow');
      return false;
    }
    socket.send(message);
    return true;
  }

  behind(caughtUp: () => void): boolean {
    const { socket, line } = this;
    if (socket.readyState !== socket.OPEN || !line.writableNeedDrain) return false;
    return this.budget.holdsBack(socket.bufferedAmount, caughtUp);
  }

  probe(): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.ping();
  }

  close(why: PipeEnd): void {
    this.end(why);
  }

  /** Says why, then waits a little for the far end to close too. */
  end(why: keyof typeof CLOSE_CODES): void {
    const { socket } = this;
    if (socket.readyState !== socket.OPEN) return;
    socket.close(CLOSE_CODES[why], WORDS[why]);
    const timer = setTimeout(() => {
      socket.terminate();
    }, CLOSE_MS);
    socket.on('close', () => {
      clearTimeout(timer);
    });
  }

  private ping(): void {
    // It would only get there behind all the rest; who takes nothing of that is ended for it.
    if (this.isStalled()) this.socket.terminate();
    if (this.line.writableLength > 0) return;
    if (this.missed >= MAX_MISSED) this.socket.terminate();
    else {
      this.missed++;
      this.probe();
    }
  }

  /** The timeout of the socket does not tell: whatever the client sends starts it anew. */
  private isStalled(): boolean {
    const { bytesWritten, writableLength } = this.line;
    const taken = bytesWritten - writableLength;
    const now = performance.now();
    if (taken !== this.taken || writableLength === 0) {
      this.taken = taken;
      this.takenAt = now;
    }
    return now - this.takenAt > this.limits.stallMs;
  }

  private pinged(): void {
    const now = performance.now();
    if (now - this.pingsSince > 1000) {
      this.pingsSince = now;
      this.pings = 0;
    }
    if (++this.pings > MAX_PINGS_PER_SECOND) this.end('flood');
  }
}
