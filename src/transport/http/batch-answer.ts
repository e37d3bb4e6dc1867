import type { HttpChannel } from './http.channel.js';

/**
 * The answer to a batch: one array, or one stream of single messages once anything precedes its end
 * (PROTOCOL.md §2.3).
 */
export class BatchAnswer {
  private collected: string[] = [];

  constructor(private readonly channel: HttpChannel) {
    channel.onOpened = () => {
      this.tell();
    };
  }

  /** The response to one of its requests, whole. */
  add(text: string): void {
    if (this.channel.isStream) this.channel.send(text);
    else this.collected.push(text);
  }

  /** No response follows. */
  finish(): void {
    const { channel, collected } = this;
    if (!channel.isStream && !channel.wantsStream && collected.length > 0) {
      channel.finish(200, `[${collected.join(',')}]`, null);
      return;
    }
    this.tell();
    channel.abandon();
  }

  private tell(): void {
    const { collected } = this;
    this.collected = [];
    for (const text of collected) this.channel.send(text);
  }
}
