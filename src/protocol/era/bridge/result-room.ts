import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';
import type { UpstreamReply } from '../../../kernel/upstream.js';

/** How a request above has ended. */
export type Outcome = { readonly reply: UpstreamReply } | { readonly error: unknown };

/** What the results of all parked calls may take together, in bytes. */
export class ResultRoom {
  private used = 0;

  constructor(private readonly maxBytes: number) {}

  /** @returns whether there is room; what was taken is given back with `release` */
  take(bytes: number): boolean {
    if (this.used + bytes > this.maxBytes) return false;
    this.used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.used -= bytes;
  }
}

/** What an outcome takes while it is kept, in bytes. */
export function sizeOf(outcome: Outcome): number {
  if ('reply' in outcome) return Buffer.byteLength(outcome.reply.result);
  const { error } = outcome;
  return error instanceof UpstreamRpcError ? Buffer.byteLength(error.error) : 0;
}
