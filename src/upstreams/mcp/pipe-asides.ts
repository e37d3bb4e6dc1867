/** The pipe itself. */
export interface Pipe {
  /**
   * Sends one message.
   * @param begin called right before the first byte goes; answers whether it is still wanted
   * @throws GatewayError or SessionLostError when it is known that the message was refused; else any
   *   error, and `begin` tells whether bytes went
   */
  send(text: string, begin: () => boolean): Promise<void>;
  /** Sends what must not wait behind a call, where calls could keep it waiting. @throws as `send` */
  sendAside?(text: string): Promise<void>;
  /** Something of the upstream was thrown away. */
  dropped(reason: string): void;
  /** Stops reading what the upstream says, or goes on. What has been read already still comes. */
  hold(isHeld: boolean): void;
  /** Longest time that it may be held without taking anything. */
  readonly stallMs: number;
  /** It has taken nothing for so long: it is to be ended. */
  stuck(reason: string): void;
}

/** What may wait for an upstream to read it, before it is not read either (PROTOCOL.md §4.5). */
const MAX_WAITING = 256;
const MAX_WAITING_BYTES = 1_048_576;

/**
 * What goes to an upstream besides requests: answers to what it asks, notices, cancellations. One that
 * asks and asks, and reads no answer, would have them pile up here: it is held until it reads, and
 * ended when it does not.
 */
export class PipeAsides {
  private waiting = 0;
  private bytes = 0;
  private isHeld = false;
  private isClosed = false;
  private stall: NodeJS.Timeout | null = null;

  constructor(private readonly pipe: Pipe) {}

  /** @returns settled once it is sent, or could not be */
  async send(text: string): Promise<void> {
    if (this.isClosed) return;
    this.count(1, text.length);
    try {
      await (this.pipe.sendAside?.(text) ?? this.pipe.send(text, () => true));
    } catch {
      if (!(this.isClosed as boolean)) this.pipe.dropped('not_sent');
    } finally {
      this.count(-1, -text.length);
      if (this.isHeld) this.watch();
    }
  }

  /** The end of a pipe is only seen by who reads it. */
  close(): void {
    this.isClosed = true;
    this.hold(false);
  }

  private count(messages: number, bytes: number): void {
    this.waiting += messages;
    this.bytes += bytes;
    if (this.isClosed) return;
    const isFull = this.waiting > MAX_WAITING || this.bytes > MAX_WAITING_BYTES;
    if (isFull) this.hold(true);
    else if (this.waiting <= MAX_WAITING / 2 && this.bytes <= MAX_WAITING_BYTES / 2)
      this.hold(false);
  }

  private hold(isHeld: boolean): void {
    if (this.isHeld === isHeld) return;
    this.isHeld = isHeld;
    if (isHeld) this.pipe.dropped('upstream_held');
    this.pipe.hold(isHeld);
    this.watch();
  }

  /** The time begins anew whenever it takes something. */
  private watch(): void {
    if (this.stall !== null) clearTimeout(this.stall);
    this.stall = this.isHeld ? setTimeout(stuck, this.pipe.stallMs, this.pipe) : null;
  }
}

function stuck(pipe: Pipe): void {
  pipe.dropped('upstream_stuck');
  pipe.stuck('it asks and reads no answers');
}
