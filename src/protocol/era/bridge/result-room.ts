import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';
import type { UpstreamReply } from '../../../kernel/upstream.js';

/** How a request above has ended. */
export type Outcome = { readonly reply: UpstreamReply } | { readonly error: unknown };

/** In bytes. */
export interface RoomLimits {
  readonly ofAll: number;
  /** Of one owner: who fills it leaves room for others. */
  readonly ofOne: number;
}

/** What the results of parked calls may take together, in bytes. */
export class ResultRoom {
  private used = 0;
  private readonly usedBy = new Map<string, number>();

  constructor(private readonly limits: RoomLimits) {}

  /** @returns whether there is room; what was taken is given back with `release` */
  take(owner: string, bytes: number): boolean {
    if (bytes === 0) return true;
    const own = (this.usedBy.get(owner) ?? 0) + bytes;
    if (own > this.limits.ofOne || this.used + bytes > this.limits.ofAll) return false;
    this.used += bytes;
    this.usedBy.set(owner, own);
    return true;
  }

  release(owner: string, bytes: number): void {
    const own = (this.usedBy.get(owner) ?? 0) - bytes;
    this.used -= bytes;
    if (own > 0) this.usedBy.set(owner, own);
    else this.usedBy.delete(owner);
  }
}

/** What an outcome takes while it is kept, in bytes. */
export function sizeOf(outcome: Outcome): number {
  if ('reply' in outcome) return Buffer.byteLength(outcome.reply.result);
  const { error } = outcome;
  return error instanceof UpstreamRpcError ? Buffer.byteLength(error.error) : 0;
}
