import type { EventStream } from '../http/event-stream.js';
import type { Outlet, PipeEnd } from '../pipe/client-pipe.js';

/** The stream of an HTTP+SSE session as the outlet of its pipe. */
export class SseOutlet implements Outlet {
  private stream: EventStream | null = null;

  constructor(private readonly retryMs: number) {}

  /** Nothing can be sent before the head of the response is out. */
  begin(stream: EventStream, endpoint: string): void {
    this.stream = stream;
    stream.write(`event: endpoint\ndata: ${endpoint}\nretry: ${String(this.retryMs)}\n\n`);
  }

  send(message: string): boolean {
    return this.stream?.send(message) ?? false;
  }

  behind(caughtUp: () => void): boolean {
    return this.stream?.behind(caughtUp) ?? false;
  }

  probe(): void {
    this.stream?.probe();
  }

  /** At a shutdown all clients are sent away at once: they must not all come back at once. */
  close(why: PipeEnd): void {
    const retryMs = Math.round(this.retryMs * (1 + Math.random()));
    this.stream?.end(why === 'shutdown' ? `retry: ${String(retryMs)}\n\n` : undefined);
  }
}
