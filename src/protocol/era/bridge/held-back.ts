import type { UpstreamObserver } from '../../../kernel/upstream.js';

const MAX_NOTICES = 50;

/** What an upstream says while no stream is open to hear it: the latest progress and some logs. */
export class HeldBack {
  private progress: string | null = null;
  private readonly notices: (readonly [method: string, params: string])[] = [];

  latest(params: string): void {
    this.progress = params;
  }

  /** @returns false when there is no room for it */
  notice(method: string, params: string): boolean {
    if (this.notices.length >= MAX_NOTICES) return false;
    this.notices.push([method, params]);
    return true;
  }

  tell(stream: UpstreamObserver): void {
    for (const [method, params] of this.notices) stream.notification(method, params);
    this.notices.length = 0;
    if (this.progress !== null) stream.progress(this.progress);
    this.progress = null;
  }
}
