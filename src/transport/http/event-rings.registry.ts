import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { ResumableStream } from './resumable-stream.js';

/** How long a stream without a reader is kept (PROTOCOL.md §3.1). */
const KEPT_MS = 60_000;
const LOOK_MS = 5000;
const MAX_STREAM_BYTES = 1_048_576;
/** All streams together; beyond it the oldest cannot be resumed any more. */
const MAX_STREAMS = 2000;
const MAX_BYTES = 64 * 1024 * 1024;

const EVENT_ID = /^([0-9a-f]{24})\.(\d{1,9})$/;

/** The streams that a client can come back to, by the id that their events carry. */
@Injectable()
export class EventRings implements OnModuleDestroy {
  private readonly streams = new Map<string, ResumableStream>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly config: Config) {
    this.timer = setInterval(() => {
      this.forget(performance.now() - KEPT_MS);
    }, LOOK_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.streams.clear();
  }

  /** The pause that clients are told to make. */
  get retryMs(): number {
    return this.config.sseRetryTimeoutMs;
  }

  /** A new stream of a session; `null` where streams cannot be resumed. */
  open(sessionId: string): ResumableStream | null {
    const maxEvents = this.config.streamableHttpMaxEventsPerStream;
    if (maxEvents === 0) return null;
    this.makeRoom();
    const limits = { maxEvents, maxBytes: MAX_STREAM_BYTES };
    const stream = new ResumableStream(randomBytes(12).toString('hex'), sessionId, limits);
    this.streams.set(stream.id, stream);
    return stream;
  }

  /** The stream of an event id and where it is to go on; only for the session whose stream it is. */
  find(
    sessionId: string,
    lastEventId: string,
  ): { stream: ResumableStream; after: number } | undefined {
    const [, id = '', n = ''] = EVENT_ID.exec(lastEventId) ?? [];
    const stream = this.streams.get(id);
    const after = Number(n);
    if (stream?.sessionId !== sessionId || !stream.reaches(after)) return undefined;
    return { stream, after };
  }

  /** Forgets what nobody has read since `before`. */
  forget(before: number): void {
    for (const [id, stream] of this.streams) if (stream.isAlone(before)) this.streams.delete(id);
  }

  private makeRoom(): void {
    let bytes = 0;
    for (const stream of this.streams.values()) bytes += stream.keptBytes;
    for (const [id, stream] of this.streams) {
      if (bytes <= MAX_BYTES && this.streams.size < MAX_STREAMS) return;
      bytes -= stream.keptBytes;
      this.streams.delete(id);
    }
  }
}
