import { BatchAnswer } from './batch-answer.js';
import type { HttpChannel } from './http.channel.js';

/** What a batch needs of its channel. */
class FakeChannel {
  readonly said: string[] = [];
  isStream = false;
  onOpened: (() => void) | null = null;
  /** Its reader has no room for more. */
  isFull = false;
  private held: (() => void)[] = [];

  constructor(readonly wantsStream: boolean) {}

  send(text: string): boolean {
    if (!this.isStream) {
      this.isStream = true;
      this.onOpened?.();
    }
    this.said.push(text);
    return true;
  }

  behind(caughtUp: () => void): boolean {
    if (this.isFull) this.held.push(caughtUp);
    return this.isFull;
  }

  read(): void {
    this.isFull = false;
    for (const caughtUp of this.held.splice(0)) caughtUp();
  }

  finish(status: number, text: string): void {
    this.said.push(`${String(status)} ${text}`);
  }

  abandon(): void {
    this.said.push('end');
  }
}

describe('BatchAnswer', () => {
  const made = (wantsStream = false) => {
    const channel = new FakeChannel(wantsStream);
    return { channel, answer: new BatchAnswer(channel as unknown as HttpChannel) };
  };

  it('is one array where nothing precedes', () => {
    const { channel, answer } = made();
    answer.add('1');
    answer.add('2');
    expect(channel.said).toEqual([]);
    answer.finish();
    expect(channel.said).toEqual(['200 [1,2]']);
  });

  it('is a stream from the moment that something precedes: what was answered comes first', () => {
    const { channel, answer } = made();
    answer.add('1');
    channel.send('progress');
    answer.add('2');
    answer.finish();
    expect(channel.said).toEqual(['1', 'progress', '2', 'end']);
  });

  it('is single events where a stream is wanted anyway', () => {
    const { channel, answer } = made(true);
    answer.add('1');
    answer.add('2');
    answer.finish();
    expect(channel.said).toEqual(['1', '2', 'end']);
  });

  it('waits with each answer, and its end, until the reader has room', () => {
    const { channel, answer } = made();
    channel.send('progress');
    channel.isFull = true;
    for (const text of ['1', '2', '3']) answer.add(text);
    answer.finish();
    expect(channel.said).toEqual(['progress']);
    const { send } = channel;
    channel.send = (text) => send.call(channel, text) && (channel.isFull = true);
    channel.read();
    expect(channel.said).toEqual(['progress', '1']);
    for (let n = 0; n < 3; n++) channel.read();
    expect(channel.said).toEqual(['progress', '1', '2', '3', 'end']);
  });

  it('ends empty when nothing was answered', () => {
    const { channel, answer } = made();
    answer.finish();
    expect(channel.said).toEqual(['end']);
  });
});
