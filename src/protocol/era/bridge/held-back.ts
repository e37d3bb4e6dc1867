import type { UpstreamObserver } from '../../../kernel/upstream.js';

const MAX_NOTICES = 50;
/** Of all that is kept for one call, in characters. */
const MAX_CHARS = 1_048_576;

/** What an upstream says while no stream is open to hear it: the latest progress and some logs. */
export class HeldBack {
  private progress: string | null = null;
  private readonly notices: (readonly [method: string, params: string])[] = [];
  private chars = 0;

  /** @returns false when there is no room for it */
  latest(params: string): boolean {
    if (params.length > MAX_CHARS) return false;
    this.progress = params;
    return true;
  }

  /** @returns false when there is no room for it */
  notice(method: string, params: string): boolean {
    if (this.notices.length >= MAX_NOTICES || this.chars + params.length > MAX_CHARS) return false;
    this.chars += params.length;
    this.notices.push([method, params]);
    return true;
  }

  tell(stream: UpstreamObserver): void {
    for (const [method, params] of this.notices) stream.notification(method, params);
    this.notices.length = 0;
    this.chars = 0;
    if (this.progress !== null) stream.progress(this.progress);
    this.progress = null;
  }
}
