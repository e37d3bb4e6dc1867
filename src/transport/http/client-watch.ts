import type { ServerResponse } from 'node:http';
import type { Call } from '../../kernel/call.js';
import { HttpChannel } from './http.channel.js';

/** How long a legacy call goes on without its client (PROTOCOL.md §4.4). */
const GONE_GRACE_MS = 60_000;

/**
 * Ends a call whose client goes away: on `/rpc` at once, nobody could get the answer any more; so that
 * of a modern client, which cancels that way (26 Cancellation); a legacy client may be back, so its call
 * goes on for a while.
 */
export class ClientWatch {
  private timer: NodeJS.Timeout | null = null;
  private isOver = false;

  constructor(
    private readonly res: ServerResponse,
    private readonly call: Call,
  ) {
    // Who left while the credential was looked at never closes again.
    if (res.destroyed) this.gone();
    else
      res.on('close', () => {
        this.gone();
      });
  }

  /** The call has ended: nothing is left to end. */
  over(): void {
    this.isOver = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private gone(): void {
    if (this.isOver || this.res.writableFinished) return;
    const { channel, client } = this.call;
    if (channel.transport === 'rpc' || client.era === 'modern')
      this.call.abort.abort('the client is gone');
    else this.timer = setTimeout(look, GONE_GRACE_MS, this).unref();
  }

  /** Called by the timer: who has come back to the stream keeps the call going. */
  look(): void {
    if (this.isOver) return;
    const { channel, abort } = this.call;
    if (channel instanceof HttpChannel && channel.hasReader)
      this.timer = setTimeout(look, GONE_GRACE_MS, this).unref();
    else abort.abort('the client is gone');
  }
}

function look(watch: ClientWatch): void {
  watch.look();
}
