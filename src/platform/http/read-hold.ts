import type { Socket } from 'node:net';

/**
 * A connection of a pool that can be left unread for a while, so that its far end has to wait. Not by
 * `pause` of undici: a parser that is paused when its socket ends or is reset fails an assertion in an
 * event of that socket (undici 7, `Parser.finish`), which would end the process.
 */
export class ReadHold {
  private held = false;

  constructor(private readonly socket: Socket) {}

  get isHeld(): boolean {
    return this.held;
  }

  /** What has been read already still comes. */
  hold(): void {
    this.held = true;
  }

  /** Later, because a parser that is at work cannot take more. */
  release(): void {
    if (!this.held) return;
    this.held = false;
    process.nextTick(() => {
      this.socket.emit('readable');
    });
  }
}

let current: ReadHold | null = null;

/** Makes a socket one that can be held; undici takes from it by `read`, whenever there is something. */
export function makeHoldable(socket: Socket): void {
  const hold = new ReadHold(socket);
  const read = socket.read.bind(socket);
  socket.read = (size?: number): unknown => {
    // 0 takes nothing, it only lets the stream notice that it has ended.
    if (hold.isHeld && size !== 0) return null;
    current = hold;
    return read(size);
  };
}

/**
 * The connection that the head or data now told of came on; to be asked within `onResponseStart` or
 * `onResponseData`, which undici calls right after it has read.
 */
export function connectionBeingRead(): ReadHold | null {
  return current;
}
