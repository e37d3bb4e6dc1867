import { ownerOf } from '../../kernel/caller.js';
import type { UpstreamRequest } from '../../kernel/upstream.js';

/** So long an upstream may still speak of what we no longer wait for. */
const REMEMBERED_MS = 30_000;
/** Beyond that the ids are forgotten, and only time tells. */
const MAX_IDS = 64;

interface Entry {
  readonly id: number;
  readonly owner: string;
  readonly until: number;
}

/**
 * Requests that were given up a while ago on a line that names no request: what is said on it may still
 * be of one of them (PROTOCOL.md §3.2, *Attribution*). Nothing is kept of those that are answered.
 */
export class GivenUp {
  private entries: Entry[] = [];
  private crowdedUntil = -Infinity;

  add(id: number, request: UpstreamRequest): void {
    const now = performance.now();
    const until = now + REMEMBERED_MS;
    this.entries = this.entries.filter((entry) => entry.until > now);
    if (this.entries.length < MAX_IDS) this.entries.push({ id, owner: speakerOf(request), until });
    else this.crowdedUntil = until;
  }

  /** Answered all the same: nothing more comes of it. @param id as the upstream wrote it */
  answered(id: string): void {
    if (this.entries.length === 0) return;
    this.entries = this.entries.filter((entry) => String(entry.id) !== id);
  }

  /** Whether nothing that is said now can be of a call that was given up. */
  get isClear(): boolean {
    const { entries, crowdedUntil } = this;
    if (entries.length === 0 && crowdedUntil === -Infinity) return true;
    const now = performance.now();
    return now >= crowdedUntil && entries.every((entry) => entry.until <= now);
  }

  /** Whether something without a name, said now, may be for another client than that of `request`. */
  blurs(request: UpstreamRequest): boolean {
    const { entries, crowdedUntil } = this;
    if (entries.length === 0 && crowdedUntil === -Infinity) return false;
    const now = performance.now();
    if (now < crowdedUntil) return true;
    const owner = speakerOf(request);
    return entries.some((entry) => entry.until > now && entry.owner !== owner);
  }
}

/** A client is its session; without one the person is the narrowest there is (as in session keys). */
const speakerOf = ({ client, caller }: UpstreamRequest): string =>
  client.sessionId ?? ownerOf(caller);
