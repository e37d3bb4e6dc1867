import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { ClientView } from '../../kernel/call.js';
import { LATEST_LEGACY } from '../../kernel/mcp.js';
import { Config } from '../../config/config.js';
import { ResumableStream } from './resumable-stream.js';

/** How long a stream without a reader is kept (PROTOCOL.md §3.1). */
const KEPT_MS = 60_000;
const LOOK_MS = 5000;
const MAX_STREAM_BYTES = 1_048_576;
/** All streams of a kind together; beyond it the oldest cannot be resumed any more. */
const MAX_STREAMS = 2000;
const MAX_LISTENING = 20_000;
const MAX_BYTES = 64 * 1024 * 1024;

const EVENT_ID = /^([0-9a-f]{24})\.(\d{1,9})$/;

/** A stream that is kept, and where it is to go on. */
export interface FoundStream {
  readonly stream: ResumableStream;
  readonly after: number;
  /** It is the listening stream of its session, not that of a call. */
  readonly isListening: boolean;
}

/** The streams that a client can come back to, by the id that their events carry. */
@Injectable()
export class EventRings implements OnModuleDestroy {
  private readonly streams = new Map<string, ResumableStream>();
  /** The listening stream of each session: it lasts, and must not crowd out those of calls. */
  private readonly listening = new Map<string, ResumableStream>();
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
    this.listening.clear();
  }

  /** The pause that clients are told to make; `null` for revisions that know no empty event. */
  retryFor(revision: ClientView['revision']): number | null {
    return revision === LATEST_LEGACY ? this.config.sseRetryTimeoutMs : null;
  }

  /** A new stream of a call; `null` where streams cannot be resumed. */
  open(sessionId: string): ResumableStream | null {
    makeRoom(this.streams, MAX_STREAMS);
    const stream = this.made(sessionId, Infinity);
    if (stream !== null) this.streams.set(stream.id, stream);
    return stream;
  }

  /** The listening stream of a session, in the place of its last one. `null` as for `open`. */
  listen(sessionId: string): ResumableStream | null {
    this.listening.delete(sessionId);
    makeRoom(this.listening, MAX_LISTENING);
    const stream = this.made(sessionId, KEPT_MS);
    if (stream !== null) this.listening.set(sessionId, stream);
    return stream;
  }

  /** Keeps a message for a session that listened just now. @returns false when it did not */
  keepFor(sessionId: string, message: string): boolean {
    return this.listening.get(sessionId)?.send(message) ?? false;
  }

  /** The stream of an event id and where it is to go on; only for the session whose stream it is. */
  find(sessionId: string, lastEventId: string): FoundStream | undefined {
    const [, id = '', n = ''] = EVENT_ID.exec(lastEventId) ?? [];
    const listening = this.listening.get(sessionId);
    const isListening = listening?.id === id;
    const stream = isListening ? listening : this.streams.get(id);
    const after = Number(n);
    if (stream?.sessionId !== sessionId || !stream.reaches(after)) return undefined;
    return { stream, after, isListening };
  }

  /** Whether it is an event of the listening stream of that session, however old. */
  isOfListening(sessionId: string, lastEventId: string): boolean {
    const [, id = ''] = EVENT_ID.exec(lastEventId) ?? [];
    return this.listening.get(sessionId)?.id === id;
  }

  /** Forgets what nobody has read since `before`. */
  forget(before: number): void {
    for (const streams of [this.streams, this.listening])
      for (const [key, stream] of streams) {
        if (stream.isAlone(before)) streams.delete(key);
        else stream.expire();
      }
    // They are seldom opened anew, and fill all the same.
    makeRoom(this.listening, MAX_LISTENING);
  }

  private made(sessionId: string, maxAgeMs: number): ResumableStream | null {
    const maxEvents = this.config.streamableHttpMaxEventsPerStream;
    if (maxEvents === 0) return null;
    const limits = { maxEvents, maxBytes: MAX_STREAM_BYTES, maxAgeMs };
    return new ResumableStream(randomBytes(12).toString('hex'), sessionId, limits);
  }
}

/** Lets go of the oldest; whoever reads one goes on reading. */
function makeRoom(streams: Map<string, ResumableStream>, max: number): void {
  let bytes = 0;
  for (const stream of streams.values()) bytes += stream.keptBytes;
  for (const [key, stream] of streams) {
    if (bytes <= MAX_BYTES && streams.size < max) return;
    bytes -= stream.keptBytes;
    streams.delete(key);
  }
}
