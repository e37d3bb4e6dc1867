import { TextDecoder } from 'node:util';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { isEventId } from './event-id.js';
import { type ReadHold, connectionBeingRead } from '../../platform/http/read-hold.js';

const DEFAULT_RETRY_MS = 1000;
/** An upstream may hang up and be polled as long as the call may last, but not without a pause. */
const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 60_000;

/**
 * The event stream that answers one request, over all connections that it takes
 * (25 Transports §Resumability).
 */
export class LegStream {
  private decoder: TextDecoder;
  private parser: EventSourceParser;
  private lastId: string | null = null;
  private retryMs = DEFAULT_RETRY_MS;
  private resumed = false;
  private connection: ReadHold | null = null;

  /**
   * @param isResumable a modern stream that breaks has lost its request
   * @param onData hears the data of each event
   */
  constructor(
    private readonly isResumable: boolean,
    private readonly onData: (data: string) => void,
  ) {
    this.decoder = newDecoder();
    this.parser = this.newParser();
  }

  get lastEventId(): string | null {
    return this.lastId;
  }

  get wasResumed(): boolean {
    return this.resumed;
  }

  /** Whether its connection is not read at the moment. */
  get isHeld(): boolean {
    return this.connection !== null;
  }

  /** It goes on over another connection. */
  reopened(): void {
    this.decoder = newDecoder();
    this.parser = this.newParser();
  }

  /** @throws TypeError on text that is no UTF-8 */
  feed(chunk: Buffer): void {
    this.parser.feed(this.decoder.decode(chunk, { stream: true }));
  }

  /** The connection is gone. @returns the pause before it is asked to go on; `null` when it is not */
  ended(): number | null {
    // It may be kept alive, for whoever is next.
    this.release();
    if (this.lastId === null) return null;
    this.resumed = true;
    return this.retryMs;
  }

  /** Stops reading the connection whose data is being taken now. */
  hold(): void {
    this.connection = connectionBeingRead();
    this.connection?.hold();
  }

  release(): void {
    this.connection?.release();
    this.connection = null;
  }

  private newParser(): EventSourceParser {
    return createParser({
      onEvent: (event) => {
        if (this.isResumable && isEventId(event.id)) this.lastId = event.id;
        if (event.data !== '') this.onData(event.data);
      },
      onRetry: (ms) => {
        this.retryMs = Math.min(Math.max(ms, MIN_RETRY_MS), MAX_RETRY_MS);
      },
    });
  }
}

function newDecoder(): TextDecoder {
  return new TextDecoder('utf-8', { fatal: true });
}
