import type { HttpChannel } from './http.channel.js';

/**
 * The answer to a batch: one array, or one stream of single messages once anything precedes its end
 * (PROTOCOL.md §2.3).
 */
export class BatchAnswer {
  /** What is not sent yet: until it ends, or in a stream until its reader has room. */
  private readonly collected: string[] = [];
  private isHeld = false;
  private isOver = false;

  constructor(private readonly channel: HttpChannel) {
    channel.onOpened = () => {
      this.tell();
    };
  }

  /** The response to one of its requests, whole. */
  add(text: string): void {
    this.collected.push(text);
    if (this.channel.isStream) this.tell();
  }

  /** No response follows. */
  finish(): void {
    const { channel, collected } = this;
    if (!channel.isStream && !channel.wantsStream && collected.length > 0) {
      channel.finish(200, `[${collected.join(',')}]`, null);
      return;
    }
    this.isOver = true;
    this.tell();
  }

  /** Many answers at once would look like a reader that is too slow: each waits for room. */
  private tell(): void {
    const { channel, collected } = this;
    // The first one opens the stream, which comes back here.
    if (this.isHeld) return;
    this.isHeld = true;
    while (collected.length > 0) {
      if (channel.behind(this.caughtUp)) return;
      channel.send(collected.shift() as string);
    }
    this.isHeld = false;
    if (this.isOver) channel.abandon();
  }

  private readonly caughtUp = (): void => {
    this.isHeld = false;
    this.tell();
  };
}
