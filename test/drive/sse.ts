import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** Reads an event stream message by message. */
export class SseReader {
  private readonly queue: EventSourceMessage[] = [];
  private wake: () => void = () => undefined;
  private ended = false;
  readonly closed: Promise<void>;

  /** @param skipsEmpty leaves out events that only carry an id */
  constructor(body: ReadableStream<Uint8Array>, skipsEmpty = false) {
    const parser = createParser({
      onEvent: (event) => {
        if (skipsEmpty && event.data === '') return;
        this.queue.push(event);
        this.wake();
      },
    });
    this.closed = this.pump(body, (text) => {
      parser.feed(text);
    });
  }

  private async pump(body: ReadableStream<Uint8Array>, feed: (text: string) => void) {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) feed(decoder.decode(chunk, { stream: true }));
    } catch {
      // A cut stream ends like any other: the caller sees what did not come.
    }
    this.ended = true;
    this.wake();
  }

  /** The next event; `undefined` once the stream is over. */
  async next(): Promise<EventSourceMessage | undefined> {
    while (this.queue.length === 0 && !this.ended)
      await new Promise<void>((resolve) => (this.wake = resolve));
    return this.queue.shift();
  }
}
